import { type Display, type GuardDisplay, type PrintOptions, type Signed, shortDecimal } from './display.js'
import { GREEK, nameParts } from './greek.js'
import { toDisplay } from './to-display.js'
import type { Expr, Rational } from './types.js'

/** An expression as TeX for mathematics mode: `\tfrac12 (x_n - \mu_k)^\top \Sigma_k^{-1} (x_n - \mu_k)`. */
export function printLatex(expr: Expr, options: PrintOptions = {}): string {
  return render(toDisplay(expr, options)).text
}

/** The TeX of a name alone: `\mu`, `x`, `\mathrm{height}`, `\sigma_{x}`. */
export function latexName(name: string): string {
  const { base, suffix } = nameParts(name.normalize('NFKD'))
  return suffix === null ? letter(base) : `${letter(base)}_${script(letter(suffix))}`
}

/** What is laid out as TeX for mathematics mode. */
export const displayLatex = (d: Display): string => render(d).text

/** How tightly a text holds together. A sum sign reaches to the right as far as it can. */
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
  return own >= level ? text : brackets('(', text, ')')
}

/** Brackets that grow where what they hold is tall. */
function brackets(open: string, text: string, close: string): string {
  return /\\(frac|sum|begin)(?![A-Za-z])/.test(text) ? `\\left${open}${text}\\right${close}` : `${open}${text}${close}`
}

function render(d: Display): Rendered {
  switch (d.kind) {
    case 'number':
      return atom(number(d.value))
    case 'float':
      return atom(decimal(d.value))
    case 'verbatim':
      return atom(d.text)
    case 'constant':
      return atom(d.name === 'pi' ? '\\pi' : 'e')
    case 'index':
      return atom(letter(d.name) + "'".repeat(d.primes))
    case 'symbol':
      return symbol(d)
    case 'element':
      return atom(`${within(d.of, ATOM)}_${subscript(d.subscripts)}`)
    case 'sum':
      return { text: sum(d.terms), level: SUM }
    case 'product':
      return { text: product(d.factors), level: PRODUCT }
    case 'fraction':
      return { text: `\\frac{${plain(d.top)}}{${plain(d.bottom)}}`, level: PRODUCT }
    case 'power':
      return { text: `${raisable(within(d.base, ATOM))}^${script(exponent(d.exponent))}`, level: POWER }
    case 'root':
      return atom(`\\sqrt{${plain(d.of)}}`)
    case 'apply':
      return apply(d.fn, d.args, false)
    case 'enclosed':
      return atom(enclose(d.by, plain(d.of)))
    case 'bigSum':
      return {
        text: `\\sum_{${plain(d.index)}=${plain(d.from)}}^{${plain(d.to)}} ${within(d.body, PRODUCT)}`,
        level: REACHING,
      }
    case 'transpose':
      return { text: `${raisable(within(d.of, ATOM))}^\\top`, level: POWER }
    case 'identity':
      return atom('I')
    case 'elements':
      return atom(`${brackets('[', plain(d.of), ']')}_${subscript([d.row, d.column])}`)
    case 'cases': {
      const rows = `${plain(d.met)} & \\text{if } ${guard(d.when)} \\\\ ${plain(d.otherwise)} & \\text{otherwise}`
      return atom(`\\begin{cases} ${rows} \\end{cases}`)
    }
    case 'indicator':
      return atom(`[${guard(d.of)}]`)
    case 'observed':
      return atom(`[${plain(d.of)}\\text{ observed}]`)
    case 'probability':
      return atom(`P(${d.of.map((i) => `${plain(i.latent)} = ${plain(i.value)}`).join(', ')} \\mid \\text{data})`)
    case 'expectation':
      return atom(`\\mathbb{E}${brackets('[', [plain(d.of), ...given(d.given)].join(' \\mid '), ']')}`)
  }
}

const given = (guards: readonly GuardDisplay[]): readonly string[] =>
  guards.length === 0 ? [] : [guards.map(guard).join(', ')]

function number(value: Rational): string {
  if (value.d === 1) return String(value.n)
  const short = shortDecimal(value)
  if (short !== null) return short
  return value.n < 10 && value.d < 10 ? `\\tfrac${value.n}${value.d}` : `\\tfrac{${value.n}}{${value.d}}`
}

function decimal(value: number): string {
  if (value === Infinity) return '\\infty'
  if (Number.isNaN(value)) return '\\text{undefined}'
  if (value === Math.LN2) return '\\log 2'
  const [mantissa = '', power] = String(value).split('e')
  return power === undefined ? mantissa : `${mantissa} \\cdot 10^{${power.replace('+', '')}}`
}

/** Small fractions stay on the line in an exponent. */
function exponent(d: Display): string {
  return d.kind === 'number' && d.value.d !== 1 ? `${d.value.n}/${d.value.d}` : plain(d)
}

function sum(terms: readonly Signed[]): string {
  return terms
    .map(({ negative, term }, i) => {
      const text = within(term, PRODUCT)
      if (i === 0) return negative ? `-${text}` : text
      return negative ? ` - ${text}` : ` + ${text}`
    })
    .join('')
}

/** Factors side by side, words with a space around them; the last may reach to the right. */
function product(factors: readonly Display[]): string {
  return factors.reduce((before, factor, i) => {
    const last = i === factors.length - 1
    const text =
      factor.kind === 'apply' ? apply(factor.fn, factor.args, !last).text : within(factor, last ? REACHING : POWER)
    if (i === 0) return text
    const words = text.startsWith('\\mathrm') || /\\mathrm\{\w+\}(_(.|\{[^{}]*\}))?$/.test(before)
    return words && factors[i - 1]?.kind !== 'number' ? `${before} \\, ${text}` : `${before} ${text}`
  }, '')
}

const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['log', '\\log'],
  ['exp', '\\exp'],
  ['cos', '\\cos'],
  ['sin', '\\sin'],
  ['min', '\\min'],
  ['max', '\\max'],
  ['lgamma', '\\log\\Gamma'],
  ['digamma', '\\psi'],
  ['trigamma', "\\psi'"],
  ['Phi', '\\Phi'],
  ['phi', '\\varphi'],
  ['besselI0', 'I_0'],
  ['besselI1', 'I_1'],
  ['besselRatioSlope', "A'"],
  ['logLogistic', '\\log\\operatorname{logistic}'],
  ['atan', '\\arctan'],
  ['logPhi', '\\log\\Phi'],
  ['P', 'P'],
  ['Q', 'Q'],
  ['I', 'I'],
])
const BARE = new Set(['log', 'cos', 'sin'])

/** f(x), or `\log x` where x is one thing and nothing follows. */
function apply(fn: string, args: readonly Display[], followed: boolean): Rendered {
  const name = FUNCTIONS.get(fn) ?? `\\operatorname{${fn}}`
  const [only] = args
  if (fn === 'mod') return atom(`(${args.map((a) => within(a, POWER)).join(' \\bmod ')})`)
  if (BARE.has(fn) && args.length === 1 && only !== undefined && !followed && render(only).level >= ATOM)
    return { text: `${name} ${plain(only)}`, level: REACHING }
  const level = BARE.has(fn) || fn === 'lgamma' || fn === 'logPhi' || fn === 'logLogistic' ? POWER - 0.5 : ATOM
  return { text: `${name}${brackets('(', args.map(plain).join(', '), ')')}`, level }
}

function enclose(by: 'abs' | 'norm' | 'floor' | 'ceil', text: string): string {
  switch (by) {
    case 'abs':
      return brackets('|', text, '|')
    case 'norm':
      return brackets('\\lVert ', text, ' \\rVert')
    case 'floor':
      return brackets('\\lfloor ', text, ' \\rfloor')
    case 'ceil':
      return brackets('\\lceil ', text, ' \\rceil')
  }
}

function symbol(d: Display & { kind: 'symbol' }): Rendered {
  // cells that were split have small digits, which TeX lacks
  const { base, suffix, above } = nameParts(d.name.normalize('NFKD'))
  const parts = [...(suffix === null ? [] : [letter(suffix)]), ...d.subscripts.map(tight)]
  const below = parts.length === 0 ? '' : `_${script(parts.join(','))}`
  const label = above.length === 0 ? '' : `^${script(above.map(letter).join(' '))}`
  const name = `${d.mark === 'shift' ? '\\Delta ' : ''}${letter(base)}${label}${below}`
  if (d.mark === 'old') return { text: `${name}^{\\mathrm{old}}`, level: POWER }
  return { text: name, level: above.length === 0 ? ATOM : POWER }
}

/** Subscripts of an element: without commas where they are single letters. */
function subscript(parts: readonly Display[]): string {
  const texts = parts.map(tight)
  const single = texts.every((t) => t.replaceAll("'", '').length === 1)
  return script(texts.join(single ? '' : ','))
}

/** What stands below or above: in braces unless it is one sign. */
const script = (text: string): string => (/^(.|\\[A-Za-z]+)$/.test(text) ? text : `{${text}}`)

/** What has something above it already, as one piece. */
const raisable = (text: string): string => (/^[^({[]*\^/.test(text) ? `{${text}}` : text)
const tight = (d: Display): string => plain(d).replaceAll(/ ([-+=]) /g, '$1')

function letter(name: string): string {
  if (GREEK.has(name)) return `\\${name}`
  if (name.startsWith('“')) return `\\text{${name}}`
  const primes = /′+$/.exec(name)?.[0] ?? ''
  if (primes !== '') return `${letter(name.slice(0, -primes.length))}${"'".repeat(primes.length)}`
  return /^[A-Za-z]$|^[\d.]+$/.test(name) ? name : `\\mathrm{${name.replaceAll('_', '\\_')}}`
}

const OPERATORS = { '==': '=', '!=': '\\neq', '<': '<', '<=': '\\leq', '>': '>', '>=': '\\geq' } as const

function guard(g: GuardDisplay): string {
  switch (g.kind) {
    case 'relation':
      return `${plain(g.left)} ${OPERATORS[g.operator]} ${plain(g.right)}`
    case 'and':
      return `${operand(g.left, 'or')} \\text{ and } ${operand(g.right, 'or')}`
    case 'or':
      return `${guard(g.left)} \\text{ or } ${guard(g.right)}`
    case 'not':
      return g.of.kind === 'present' ? `${plain(g.of.of)} \\text{ missing}` : `\\text{not } (${guard(g.of)})`
    case 'present':
      return `${plain(g.of)} \\text{ observed}`
    case 'literal':
      return `\\text{${String(g.value)}}`
  }
}

const operand = (g: GuardDisplay, loose: GuardDisplay['kind']): string =>
  g.kind === loose ? `(${guard(g)})` : guard(g)
