import { type Display, type GuardDisplay, type PrintOptions, type Signed, shortDecimal } from './display.js'
import { GREEK, nameParts } from './greek.js'
import { toDisplay } from './to-display.js'
import type { Expr, Rational } from './types.js'

/** An expression as one line of Unicode: `½ (x_n − μ_k)ᵀ Σ_k⁻¹ (x_n − μ_k)`. */
export function printText(expr: Expr, options: PrintOptions = {}): string {
  return render(toDisplay(expr, options)).text
}

/** What is laid out as one line of Unicode. */
export const displayText = (d: Display): string => render(d).text

/** How tightly a text holds together. A tall operator reaches to the right as far as it can. */
const SUM = 1
const PRODUCT = 2
const REACHING = 3
const POWER = 4
const ATOM = 5

interface Rendered {
  readonly text: string
  readonly level: number
}

const atom = (text: string): Rendered => ({ text, level: ATOM })
const plain = (d: Display): string => render(d).text

/** In parentheses unless it holds together at least as tightly as `level`. */
function within(d: Display, level: number): string {
  const { text, level: own } = render(d)
  return own >= level ? text : `(${text})`
}

function render(d: Display): Rendered {
  switch (d.kind) {
    case 'number':
      return number(d.value)
    case 'float':
      return atom(decimal(d.value))
    case 'verbatim':
      return atom(d.text)
    case 'constant':
      return atom(d.name === 'pi' ? 'π' : 'e')
    case 'index':
      return atom(letter(d.name) + '′'.repeat(d.primes))
    case 'symbol':
      return symbol(d)
    case 'element':
      return atom(`${within(d.of, ATOM)}${subscript(d.subscripts, true)}`)
    case 'sum':
      return { text: sum(d.terms), level: SUM }
    case 'product':
      return product(d.factors)
    case 'fraction':
      return { text: `${side(d.top, PRODUCT)} / ${side(d.bottom, POWER)}`, level: PRODUCT }
    case 'power':
      return power(d)
    case 'root':
      return { text: `√${within(d.of, ATOM)}`, level: POWER }
    case 'apply':
      return apply(d.fn, d.args, false)
    case 'enclosed':
      return atom(enclose(d.by, plain(d.of)))
    case 'bigSum':
      return { text: `∑${bounds(d)} ${within(d.body, PRODUCT)}`, level: REACHING }
    case 'transpose':
      return { text: `${within(d.of, ATOM)}ᵀ`, level: POWER }
    case 'identity':
      return atom('I')
    case 'elements':
      return atom(`[${plain(d.of)}]${subscript([d.row, d.column], true)}`)
    case 'cases':
      return atom(`{${plain(d.met)} if ${guard(d.when)}, else ${plain(d.otherwise)}}`)
    case 'indicator':
      return atom(`[${guard(d.of)}]`)
    case 'observed':
      return atom(`[${plain(d.of)} observed]`)
    case 'probability':
      return atom(`P(${d.of.map((i) => `${plain(i.latent)} = ${plain(i.value)}`).join(', ')} | data)`)
    case 'expectation':
      return atom(`E[${[plain(d.of), ...(d.given.length === 0 ? [] : [d.given.map(guard).join(', ')])].join(' | ')}]`)
  }
}

const VULGAR: ReadonlyMap<string, string> = new Map([
  ['1/2', '½'],
  ['1/3', '⅓'],
  ['2/3', '⅔'],
  ['1/4', '¼'],
  ['3/4', '¾'],
  ['1/5', '⅕'],
  ['2/5', '⅖'],
  ['3/5', '⅗'],
  ['4/5', '⅘'],
  ['1/6', '⅙'],
  ['5/6', '⅚'],
  ['1/8', '⅛'],
  ['3/8', '⅜'],
  ['5/8', '⅝'],
  ['7/8', '⅞'],
])

function number(value: Rational): Rendered {
  const vulgar = VULGAR.get(`${value.n}/${value.d}`)
  if (vulgar !== undefined) return atom(vulgar)
  if (value.d === 1) return atom(String(value.n))
  const short = shortDecimal(value)
  return short === null ? { text: `${value.n} / ${value.d}`, level: PRODUCT } : atom(short)
}

function decimal(value: number): string {
  if (value === Math.LN2) return 'log 2'
  if (Number.isNaN(value)) return 'undefined'
  return value === Infinity ? '∞' : String(value).replace('-', '−')
}

function sum(terms: readonly Signed[]): string {
  return terms
    .map(({ negative, term }, i) => {
      const text = within(term, PRODUCT)
      if (i === 0) return negative ? `−${text}` : text
      return negative ? ` − ${text}` : ` + ${text}`
    })
    .join('')
}

function product(factors: readonly Display[]): Rendered {
  const [first, ...others] = factors
  // 3/7 has no sign of its own: 3 x / 7
  if (first?.kind === 'number' && number(first.value).level < ATOM) {
    const top =
      first.value.n === 1 ? others : [{ kind: 'number', value: { n: first.value.n, d: 1 } } as const, ...others]
    return { text: `${line(top, true)} / ${first.value.d}`, level: PRODUCT }
  }
  return { text: line(factors, false), level: PRODUCT }
}

/** Factors side by side; the last may reach to the right, unless something follows. */
function line(factors: readonly Display[], followed: boolean): string {
  return factors
    .map((factor, i) => {
      const last = i === factors.length - 1 && !followed
      if (factor.kind === 'apply') return last ? plain(factor) : apply(factor.fn, factor.args, true).text
      return within(factor, last ? REACHING : POWER)
    })
    .join(' ')
}

/** A side of a fraction. */
function side(d: Display, level: number): string {
  if (d.kind === 'product' && level <= PRODUCT) return line(d.factors, true)
  if (d.kind === 'apply') return apply(d.fn, d.args, true).text
  return d.kind === 'bigSum' ? `(${plain(d)})` : within(d, level)
}

const SUPERSCRIPTS: ReadonlyMap<string, string> = new Map(
  [...'0123456789-'].map((c, i) => [c, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁻'][i] ?? c]),
)

function power(d: Display & { kind: 'power' }): Rendered {
  const base = within(d.base, ATOM)
  if (d.exponent.kind === 'number' && d.exponent.value.d === 1) {
    const raised = [...String(d.exponent.value.n)].map((c) => SUPERSCRIPTS.get(c) ?? c).join('')
    return { text: `${base}${raised}`, level: POWER }
  }
  return { text: `${base}^${within(d.exponent, ATOM)}`, level: POWER }
}

const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['lgamma', 'log Γ'],
  ['digamma', 'ψ'],
  ['trigamma', 'ψ′'],
  ['Phi', 'Φ'],
  ['phi', 'φ'],
  ['besselI0', 'I₀'],
  ['besselI1', 'I₁'],
  ['besselRatioSlope', 'A′'],
  ['logLogistic', 'log logistic'],
  ['logPhi', 'log Φ'],
])
const BARE = new Set(['log', 'cos', 'sin'])

/** f(x), or `log x` where x is one thing and nothing follows. */
function apply(fn: string, args: readonly Display[], followed: boolean): Rendered {
  const name = FUNCTIONS.get(fn) ?? fn
  const [only] = args
  if (fn === 'mod') return atom(`(${args.map((a) => within(a, POWER)).join(' mod ')})`)
  if (BARE.has(fn) && args.length === 1 && only !== undefined) {
    const text = within(only, ATOM)
    if (text.startsWith('(')) return { text: `${name}${text}`, level: POWER - 0.5 }
    if (!followed) return { text: `${name} ${text}`, level: REACHING }
    return { text: `${name}(${text})`, level: POWER - 0.5 }
  }
  return { text: `${name}(${args.map(plain).join(', ')})`, level: name.includes(' ') ? POWER - 0.5 : ATOM }
}

function enclose(by: 'abs' | 'norm' | 'floor' | 'ceil', text: string): string {
  switch (by) {
    case 'abs':
      return `|${text}|`
    case 'norm':
      return `‖${text}‖`
    case 'floor':
      return `⌊${text}⌋`
    case 'ceil':
      return `⌈${text}⌉`
  }
}

function bounds(d: Display & { kind: 'bigSum' }): string {
  const index = plain(d.index)
  const fromOne = d.from.kind === 'number' && d.from.value.n === 1 && d.from.value.d === 1
  return fromOne && d.to.kind !== 'sum' && d.to.kind !== 'number'
    ? `_${index}`
    : `_{${index}=${tight(d.from)}..${tight(d.to)}}`
}

function symbol(d: Display & { kind: 'symbol' }): Rendered {
  const { base, suffix, above } = nameParts(d.name)
  const parts = [...(suffix === null ? [] : [letter(suffix)]), ...d.subscripts.map(tight)]
  const label =
    above.length === 0 ? '' : `^${above.map(letter).join(above.every((a) => letter(a).length === 1) ? '' : ',')}`
  const name = `${d.mark === 'shift' ? 'Δ' : ''}${letter(base)}${label}${join(parts, ',')}`
  if (d.mark === 'old') return { text: `${name}^old`, level: POWER }
  return { text: name, level: above.length === 0 ? ATOM : POWER }
}

function subscript(parts: readonly Display[], compact: boolean): string {
  const texts = parts.map(tight)
  return join(texts, compact && texts.every((t) => [...t.replaceAll('′', '')].length === 1) ? '' : ',')
}

function join(parts: readonly string[], separator: string): string {
  const text = parts.join(separator)
  if (text === '') return ''
  return /^[\p{L}\p{N}]+′*$/u.test(text) && parts.length === 1 ? `_${text}` : `_{${text}}`
}

/** Without spaces, for subscripts. */
const tight = (d: Display): string => plain(d).replaceAll(' ', '')
const letter = (name: string): string => GREEK.get(name) ?? name

const OPERATORS = { '==': '=', '!=': '≠', '<': '<', '<=': '≤', '>': '>', '>=': '≥' } as const

function guard(g: GuardDisplay): string {
  switch (g.kind) {
    case 'relation':
      return `${plain(g.left)} ${OPERATORS[g.operator]} ${plain(g.right)}`
    case 'and':
      return `${operand(g.left, 'or')} and ${operand(g.right, 'or')}`
    case 'or':
      return `${guard(g.left)} or ${guard(g.right)}`
    case 'not':
      return g.of.kind === 'present' ? `${plain(g.of.of)} missing` : `not (${guard(g.of)})`
    case 'present':
      return `${plain(g.of)} observed`
    case 'literal':
      return String(g.value)
  }
}

const operand = (g: GuardDisplay, loose: GuardDisplay['kind']): string =>
  g.kind === loose ? `(${guard(g)})` : guard(g)
