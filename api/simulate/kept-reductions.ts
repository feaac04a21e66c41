/**
 * Figures of data (`min(x)`, `mean(y)`) in a model from which that data is drawn: they are those of the data of the fit,
 * so each becomes a const with its value.
 */
import type { ConstSymbol, Domain, SymbolId, TExpr, TypedModel } from '../../lang/typed/types.js'
import { visitExpression } from '../../lang/typed/visit.js'
import { bind, domainValues, type Environment, number } from '../../oracle/evaluate.js'
import type { Value } from '../../oracle/types.js'
import { OptionError } from '../errors.js'

const reductions: readonly string[] = ['min', 'max', 'mean', 'sd', 'sum']

type Call = Extract<TExpr, { kind: 'call' }>

/** The model with such figures as consts, and their values by name. */
export interface KeptReductions {
  readonly model: TypedModel
  readonly values: ReadonlyMap<string, Value>
}

/**
 * @param drawn data that is drawn
 * @param known an environment in which all data has values; null where there is no data
 * @param stored values of an earlier fit by `fn at start of its text`
 */
export function keptReductions(
  model: TypedModel,
  drawn: ReadonlySet<SymbolId>,
  known: Environment | null,
  stored: ReadonlyMap<string, readonly number[]>,
): KeptReductions {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const values = new Map<string, Value>()
  const added: ConstSymbol[] = []
  const isKept = (e: Call): boolean => {
    if (!reductions.includes(e.name)) return false
    let [draws, unknown] = [false, false]
    visitExpression(e, (part) => {
      if (part.kind !== 'ref') return
      const kind = symbols.get(part.symbol)?.kind
      draws ||= drawn.has(part.symbol)
      unknown ||= kind === 'latent' || kind === 'param' || kind === 'let'
    })
    return draws && !unknown
  }
  const exchange = (e: Call): TExpr => {
    const loops = freeLoops(e).flatMap((id) => {
      const s = symbols.get(id)
      return s?.kind === 'index' ? [s] : []
    })
    const name = `${e.name} at ${e.span.start}`
    if (!values.has(name)) {
      const old = stored.get(name)
      if (known !== null)
        values.set(
          name,
          table(
            e,
            loops.map((l) => [l.id, l.domain] as const),
            known,
          ),
        )
      else if (old !== undefined && loops.length < 2)
        values.set(name, loops.length === 0 ? (old[0] ?? Number.NaN) : old)
      else throw new OptionError(`the model reads ${e.name}(…) of data: give the data with --data FILE`)
      added.push({ kind: 'const', id: `const:${name}`, name, span: e.span, value: { ...e, kind: 'number', value: 0 } })
    }
    return {
      span: e.span,
      type: e.type,
      kind: 'ref',
      symbol: `const:${name}`,
      subscripts: loops.map((l) => ({
        kind: 'at',
        index: {
          span: e.span,
          type: { element: 'int', dims: [], support: null },
          kind: 'ref',
          symbol: l.id,
          subscripts: [],
        },
      })),
    }
  }
  const changed = exchanged(model, (e) => (isKept(e) ? exchange(e) : null))
  return added.length === 0
    ? { model, values }
    : { model: { ...changed, symbols: [...changed.symbols, ...added] }, values }
}

/** Index variables of loops around an expression, in order of first reading. */
function freeLoops(e: TExpr): readonly SymbolId[] {
  const own = new Set<SymbolId>()
  const read = new Set<SymbolId>()
  visitExpression(e, (part) => {
    if (part.kind === 'comprehension') own.add(part.index)
    if (part.kind === 'ref' && part.symbol.startsWith('index:')) read.add(part.symbol)
  })
  return [...read].filter((id) => !own.has(id))
}

/** Values over all settings of the loops, nested, from index 1. */
function table(e: TExpr, loops: readonly (readonly [SymbolId, Domain])[], env: Environment): Value {
  const [first, ...rest] = loops
  if (first === undefined) return number(e, env)
  const [id, domain] = first
  const out: Value[] = []
  for (const i of domainValues(domain, env)) {
    while (out.length < i - 1) out.push(Number.NaN)
    out.push(table(e, rest, bind(env, [[id, i]])))
  }
  return out
}

/** The same tree of plain data, with calls exchanged. */
function exchanged<T>(node: T, exchange: (e: Call) => TExpr | null): T {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    if ('kind' in part && part.kind === 'call' && 'arguments' in part) {
      const other = exchange(part as Call)
      if (other !== null) return other
    }
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, walk(value)]))
  }
  return walk(node) as T
}
