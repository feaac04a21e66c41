/** The typed model as text: for golden tests and for reading. Index variables keep their number (`n#1`). */
import type {
  ArrayType,
  Dim,
  Domain,
  ModelSymbol,
  Subscript,
  Support,
  SymbolId,
  TDistribution,
  TExpr,
  TStatement,
  TypedModel,
} from './types.js'

/** How a symbol is called in print. */
export type NameOf = (id: SymbolId) => string

/** The id without its kind: `param:mu` is `mu`, `index:n#1` is `n#1`. */
export const shortName: NameOf = (id) => id.slice(id.indexOf(':') + 1)

/** The name that stands in the file: `n` for `index:n#1`. */
export const userName: NameOf = (id) => shortName(id).replace(/#\d+$/, '')

/** The whole model: its symbols in order of declaration, then its statements. */
export function printModel(model: TypedModel): string {
  const lines = [`model ${model.name}`, ...model.symbols.filter((s) => s.kind !== 'index').map(printSymbol), '']
  printStatements(model.statements, '', lines)
  return `${lines.join('\n').trimEnd()}\n`
}

/** One symbol on one line. */
export function printSymbol(symbol: ModelSymbol): string {
  const name = shortName(symbol.id)
  switch (symbol.kind) {
    case 'const':
      return `const ${name} = ${printExpression(symbol.value)}`
    case 'size': {
      const by = symbol.boundBy.length === 0 ? '' : ` from ${symbol.boundBy.map(shortName).join(', ')}`
      return `size ${name} (${symbol.origin}${symbol.rank === 1 ? ', one per element' : ''})${by}`
    }
    case 'data':
    case 'param':
      return `${symbol.kind} ${name} : ${printArrayType(symbol.type)}`
    case 'latent': {
      const plates = symbol.plates.map((plate) => printDomain(plate)).join(', ')
      return `latent ${name} : ${printArrayType(symbol.type)}${plates === '' ? '' : ` over (${plates})`}`
    }
    case 'let': {
      const indices = symbol.indices.length === 0 ? '' : `[${symbol.indices.map(shortName).join(', ')}]`
      return `let ${name}${indices} = ${printExpression(symbol.value)}${symbol.topLevel ? '   # reported' : ''}`
    }
    case 'index':
      return `index ${name} in ${printDomain(symbol.domain)}`
  }
}

/** `real?[N, D]`; the core dimensions stand after a bar: `simplex[K | L]`; a ragged size as `T by 1`. */
export function printArrayType(type: ArrayType, nameOf: NameOf = shortName): string {
  const batch = type.batch.map((dim) => printDim(dim, nameOf)).join(', ')
  const core = type.core.map((dim) => printDim(dim, nameOf)).join(', ')
  const dims = [batch, core].filter((part) => part !== '').join(' | ')
  return `${printSupport(type.support, nameOf)}${type.optional ? '?' : ''}${dims === '' ? '' : `[${dims}]`}`
}

function printDim(dim: Dim, nameOf: NameOf): string {
  return `${printExpression(dim.size, nameOf)}${dim.raggedBy === null ? '' : ` by ${dim.raggedBy + 1}`}`
}

/** `positive`, `real in (0, 1)`, `category(levels(y))`. */
export function printSupport(support: Support, nameOf: NameOf = shortName): string {
  if (support.kind === 'interval')
    return `real in (${printExpression(support.low, nameOf)}, ${printExpression(support.high, nameOf)})`
  if (support.kind === 'category') return `category(${nameOf(support.levels)})`
  return support.kind
}

/** `1..N` or `levels(y)[j]`. */
export function printDomain(domain: Domain, nameOf: NameOf = shortName): string {
  if (domain.kind === 'range') return `${printExpression(domain.from, nameOf)}..${printExpression(domain.to, nameOf)}`
  const column = domain.column === null ? '' : `[${printExpression(domain.column, nameOf)}]`
  return `${nameOf(domain.levels)}${column}`
}

const precedence: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '.*': 6,
  './': 6,
  negate: 7,
  '^': 8,
}

/** An expression in the notation of the language, with the parentheses it needs. */
export function printExpression(e: TExpr, nameOf: NameOf = shortName): string {
  return print(e, nameOf, 0)
}

function print(e: TExpr, nameOf: NameOf, outer: number): string {
  const text = (part: TExpr, level = 0): string => print(part, nameOf, level)
  const wrap = (level: number, inner: string): string => (level < outer ? `(${inner})` : inner)
  const infix = (operator: string, level: number, left: TExpr, right: TExpr): string =>
    wrap(level, `${text(left, level)} ${operator} ${text(right, level + 1)}`)
  switch (e.kind) {
    case 'number':
      return String(e.value)
    case 'bool':
      return String(e.value)
    case 'label':
      return JSON.stringify(e.value)
    case 'constant':
      return e.name
    case 'ref':
      return `${nameOf(e.symbol)}${printSubscripts(e.subscripts, nameOf)}`
    case 'subscript':
      return `${text(e.of, 9)}${printSubscripts(e.subscripts, nameOf)}`
    case 'negate':
      return wrap(7, `-${text(e.of, 7)}`)
    case 'not':
      return wrap(3, `not ${text(e.of, 3)}`)
    case 'binary': {
      const level = precedence[e.operator] ?? 0
      if (e.operator === '^') return wrap(level, `${text(e.left, level + 1)}^${text(e.right, level)}`)
      return infix(e.operator, level, e.left, e.right)
    }
    case 'compare':
      return wrap(4, `${text(e.left, 5)} ${e.operator} ${text(e.right, 5)}`)
    case 'and':
    case 'or':
      return infix(e.kind, precedence[e.kind] ?? 0, e.left, e.right)
    case 'conditional':
      return `(${text(e.then)} if ${text(e.condition)} else ${text(e.otherwise)})`
    case 'call':
      return `${e.name}(${e.arguments.map((argument) => text(argument)).join(', ')})`
    case 'vector':
      return `[${e.elements.map((element) => text(element)).join(', ')}]`
    case 'comprehension':
      return `[${text(e.body)} for ${nameOf(e.index)} in ${printDomain(e.domain, nameOf)}]`
  }
}

function printSubscripts(subscripts: readonly Subscript[], nameOf: NameOf): string {
  if (subscripts.length === 0) return ''
  const parts = subscripts.map((subscript) => {
    if (subscript.kind === 'at') return printExpression(subscript.index, nameOf)
    if (subscript.kind === 'all') return ':'
    const end = (side: TExpr | null): string => (side === null ? '' : printExpression(side, nameOf))
    return `${end(subscript.from)}:${end(subscript.to)}`
  })
  return `[${parts.join(', ')}]`
}

/** `Normal(mean = mu[z], sd = sigma)`. */
export function printDistribution(d: TDistribution, nameOf: NameOf = shortName): string {
  const bound = (name: string, value: TExpr | null): string =>
    value === null ? '' : `, ${name} = ${printExpression(value, nameOf)}`
  switch (d.kind) {
    case 'plain':
      return `${d.name}(${d.arguments.map((a) => `${a.name} = ${printExpression(a.value, nameOf)}`).join(', ')})`
    case 'mixture': {
      const parts =
        d.components.kind === 'indexed'
          ? `${printDistribution(d.components.component, nameOf)} for ${nameOf(d.components.index)} in ${printDomain(d.components.domain, nameOf)}`
          : d.components.components.map((c) => printDistribution(c, nameOf)).join(', ')
      return `Mixture(${printExpression(d.weights, nameOf)}, ${parts})`
    }
    case 'truncated':
      return `Truncated(${printDistribution(d.of, nameOf)}${bound('low', d.low)}${bound('high', d.high)})`
    case 'censored':
      return `Censored(${printDistribution(d.of, nameOf)}, ${d.mode}${bound('low', d.low)}${bound('high', d.high)})`
    case 'custom':
      return `Custom(${nameOf(d.value)}, logpdf = ${printExpression(d.logDensity, nameOf)})`
  }
}

function printStatements(statements: readonly TStatement[], indent: string, lines: string[]): void {
  for (const s of statements) {
    switch (s.kind) {
      case 'for': {
        const weight = s.weight === null ? '' : ` weight ${printExpression(s.weight)}`
        lines.push(`${indent}for ${shortName(s.index)} in ${printDomain(s.domain)}${weight} {`)
        printStatements(s.body, `${indent}  `, lines)
        lines.push(`${indent}}`)
        break
      }
      case 'if':
        lines.push(`${indent}if ${printExpression(s.condition)} {`)
        printStatements(s.then, `${indent}  `, lines)
        if (s.otherwise.length > 0) {
          lines.push(`${indent}} else {`)
          printStatements(s.otherwise, `${indent}  `, lines)
        }
        lines.push(`${indent}}`)
        break
      case 'sample':
        lines.push(`${indent}${s.role} ${printExpression(s.target)} ~ ${printDistribution(s.distribution)}`)
        break
      case 'observe-equation':
        lines.push(`${indent}observe ${printExpression(s.left)} = ${printExpression(s.right)}`)
        break
      case 'observe-condition':
        lines.push(`${indent}observe ${printExpression(s.condition)}`)
        break
    }
  }
}
