/** `data` declarations of a model in the form that binding needs. */

import { printExpression, userName } from '../../lang/typed/print.js'
import type { ArrayType, DataSymbol, Dim, ModelSymbol, TExpr, TypedModel } from '../../lang/typed/types.js'
import type { DataDeclaration, DeclaredDim } from '../../runtime/contract.js'
import { type ColumnUse, columnUse } from '../graph/column-use.js'

/** `set` are the values of `--set`, which may change a const that stands in a dimension. */
export function dataDeclarations(model: TypedModel, set: ReadonlyMap<string, unknown>): readonly DataDeclaration[] {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const data = model.symbols.filter((s) => s.kind === 'data')
  const used = columnUse(model, symbols)
  return data.map((s) => declaration(s, symbols, set, used))
}

function declaration(
  s: DataSymbol,
  symbols: ReadonlyMap<string, ModelSymbol>,
  set: ReadonlyMap<string, unknown>,
  used: ColumnUse,
): DataDeclaration {
  const { support } = s.type
  const dims = [...s.type.batch, ...s.type.core]
  const levels = support.kind === 'category' ? symbols.get(support.levels) : undefined
  return {
    name: s.name,
    element: elementOf(s.type),
    ...limits(s.type),
    type: support.kind === 'interval' ? 'real' : support.kind,
    optional: s.type.optional,
    dims: dims.map((d) => declaredDim(d, symbols, set)),
    levels: levels?.kind === 'size' ? { name: levels.name, perColumn: levels.rank === 1 } : null,
    allowInfinite: used.bounds.has(s.id),
    indexesLatentsOnly: used.latentKeys.has(s.id),
  }
}

function elementOf(t: ArrayType): DataDeclaration['element'] {
  switch (t.support.kind) {
    case 'int':
    case 'count':
    case 'bool':
    case 'category':
      return t.support.kind
    default:
      return 'real'
  }
}

function limits(t: ArrayType): Pick<DataDeclaration, 'low' | 'lowStrict' | 'high' | 'highStrict'> {
  const all = { low: Number.NEGATIVE_INFINITY, lowStrict: false, high: Number.POSITIVE_INFINITY, highStrict: false }
  const { support } = t
  switch (support.kind) {
    case 'positive':
      return { ...all, low: 0, lowStrict: true }
    case 'nonnegative':
    case 'count':
      return { ...all, low: 0 }
    case 'unit':
    case 'simplex':
      return { ...all, low: 0, high: 1 }
    case 'interval':
      return { ...all, low: constantOf(support.low) ?? all.low, high: constantOf(support.high) ?? all.high }
    default:
      return all
  }
}

function constantOf(e: TExpr): number | null {
  if (e.kind === 'number') return e.value
  if (e.kind === 'negate') {
    const x = constantOf(e.of)
    return x === null ? null : -x
  }
  if (e.kind === 'binary') {
    const [a, b] = [constantOf(e.left), constantOf(e.right)]
    return a === null || b === null ? null : arithmetic(e.operator, a, b)
  }
  return null
}

function arithmetic(operator: string, a: number, b: number): number | null {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '^':
      return a ** b
    default:
      return null
  }
}

function declaredDim(
  d: Dim,
  symbols: ReadonlyMap<string, ModelSymbol>,
  set: ReadonlyMap<string, unknown>,
): DeclaredDim {
  const s = d.size.kind === 'ref' ? symbols.get(d.size.symbol) : undefined
  if (s?.kind === 'size') {
    if (s.origin === 'length') return { kind: 'length', name: s.name }
    if (s.origin === 'levels') return { kind: 'levels', of: levelsOwner(s.name) }
    return { kind: 'size', name: s.name }
  }
  return {
    kind: 'expression',
    text: printExpression(d.size, userName),
    evaluate: (sizes) => evaluateSize(d.size, symbols, set, sizes),
  }
}

/** `levels(center)` → center; a shared level set has its own name. */
const levelsOwner = (name: string): string => /^levels\((.*)\)$/.exec(name)?.[1] ?? name

function evaluateSize(
  e: TExpr,
  symbols: ReadonlyMap<string, ModelSymbol>,
  set: ReadonlyMap<string, unknown>,
  sizes: ReadonlyMap<string, number>,
): number | null {
  const go = (x: TExpr): number | null => {
    switch (x.kind) {
      case 'number':
        return x.value
      case 'negate': {
        const v = go(x.of)
        return v === null ? null : -v
      }
      case 'binary': {
        const [a, b] = [go(x.left), go(x.right)]
        return a === null || b === null ? null : arithmetic(x.operator, a, b)
      }
      case 'ref': {
        const s = symbols.get(x.symbol)
        if (s?.kind === 'size' || s?.kind === 'data') return sizes.get(s.name) ?? null
        if (s?.kind !== 'const') return null
        const given = set.get(s.name)
        return typeof given === 'number' ? given : go(s.value)
      }
      default:
        return null
    }
  }
  return go(e)
}
