/**
 * Which rows can be held out together. Rows are joined where they share a latent, read one another, or belong to one
 * sequence: the units are independent given the params, so some of them can be left out of a fit and scored by it.
 */
import type { DataSymbol, ModelSymbol, Subscript, SymbolId, TExpr, TypedModel } from '../../lang/typed/types.js'
import {
  children,
  distributionExpressions,
  statementExpressions,
  visitExpression,
  visitStatements,
} from '../../lang/typed/visit.js'
import type { Density } from '../../oracle/densities/types.js'
import { type Environment, number } from '../../oracle/evaluate.js'
import type { Instance } from '../../oracle/ground-types.js'
import { OracleError, type Values } from '../../oracle/types.js'
import { unroll } from '../../oracle/unroll.js'
import { makeWorld } from '../../oracle/world.js'
import type { BoundData } from '../../runtime/data/types.js'
import { cellsOf, Unions } from '../simulate/components.js'
import { dataRoles } from '../simulate/roles.js'
import { rowSize } from '../take-rows.js'

/** Units of rows: of each size that counts rows, the rows of each unit (from 0). */
export interface Units {
  readonly kind: 'units'
  readonly units: readonly ReadonlyMap<SymbolId, readonly number[]>[]
  /** What a unit is, for people. */
  readonly word: 'row' | 'sequence' | 'group of rows'
}

export interface NoUnits {
  readonly kind: 'none'
  readonly reason: string
}

export function unitsOf(
  model: TypedModel,
  data: BoundData,
  consts: Values,
  densities: readonly Density[],
): Units | NoUnits {
  try {
    return found(model, data, consts, densities)
  } catch (e) {
    if (!(e instanceof OracleError)) throw e
    return none(e.message)
  }
}

const none = (reason: string): NoUnits => ({ kind: 'none', reason })

function found(model: TypedModel, data: BoundData, consts: Values, densities: readonly Density[]): Units | NoUnits {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const all = model.symbols.flatMap((s) => (s.kind === 'data' ? [s] : []))
  const roles = dataRoles(model)
  // a model of observed conditions alone draws nothing: its rows are those of what it is given
  const drawn = roles.drawn.size === 0 ? all : all.filter((s) => roles.drawn.has(s.id))
  const scalar = drawn.find((s) => s.type.batch.length + s.type.core.length === 0)
  if (scalar !== undefined) return none(`\`${scalar.name}\` is one value, not a row among others`)
  const sizes = new Map<SymbolId, number>()
  for (const s of drawn) {
    const id = rowSize(s)
    const size = id === null ? undefined : symbols.get(id)
    if (id === null || size?.kind !== 'size' || size.origin !== 'dimension' || size.rank !== 0)
      return none(`the rows of \`${s.name}\` are no rows that some of can be left out`)
    sizes.set(id, data.sizes.get(size.name) ?? 0)
  }
  const held = model.symbols.find((s) => s.kind === 'param' && readsSize(s, sizes))
  if (held !== undefined)
    return none(`\`${held.name}\` has a value for each row, which a row that is left out would lack`)
  const world = makeWorld(model, data, consts, densities)
  const env: Environment = { world, bound: new Map(), params: new Map(), lookup: () => Number.NaN }
  const block = { weight: 1, factors: [], children: [], cells: [], parent: null }
  const instances: Instance[] = []
  unroll(model.statements, { env, guards: [], block, weight: 1 }, instances)
  const offsets = new Map<SymbolId, number>()
  let nodes = world.cells.length
  for (const [id, n] of sizes) {
    offsets.set(id, nodes)
    nodes += n
  }
  const unions = new Unions(nodes)
  for (const instance of instances) {
    const rows = rowsRead(instance, symbols, sizes)
    if (typeof rows === 'string') return none(rows)
    const own = [...cellsOf(instance).map((c) => c.id), ...rows.map(([id, i]) => (offsets.get(id) ?? 0) + i)]
    for (const node of own) unions.join(own[0] ?? node, node)
  }
  const byRoot = new Map<number, Map<SymbolId, number[]>>()
  for (const [id, n] of sizes) {
    for (let i = 0; i < n; i++) {
      const root = unions.find((offsets.get(id) ?? 0) + i)
      const unit = byRoot.get(root) ?? new Map<SymbolId, number[]>()
      byRoot.set(root, unit)
      const rows = unit.get(id)
      if (rows === undefined) unit.set(id, [i])
      else rows.push(i)
    }
  }
  const units = [...byRoot.values()]
  if (units.length < 2)
    return none(
      'all rows hang together: none can be left out without the others; a test of neighbours (--test) leaves none out',
    )
  const counted = numberOfRow(model, sizes)
  if (counted !== null)
    return none(
      `the number \`${counted}\` of a row stands in a statement, and rows would have others once some are left out`,
    )
  const single = units.every((u) => [...u.values()].reduce((n, rows) => n + rows.length, 0) === 1)
  const ragged = drawn.some((s) => data.arrays.get(s.name)?.offsets != null)
  return { kind: 'units', units, word: single ? (ragged ? 'sequence' : 'row') : 'group of rows' }
}

/** The letter of a loop over rows whose number is used otherwise than to pick a cell; null where there is none. */
function numberOfRow(model: TypedModel, sizes: ReadonlyMap<SymbolId, number>): string | null {
  const rows = new Map(
    model.symbols.flatMap((s) => {
      if (s.kind !== 'index' || s.domain.kind !== 'range') return []
      const { to } = s.domain
      return to.kind === 'ref' && sizes.has(to.symbol) ? [[s.id, s.name] as const] : []
    }),
  )
  let found: string | null = null
  const visit = (e: TExpr): void => {
    if (e.kind === 'ref' && rows.has(e.symbol)) found ??= rows.get(e.symbol) ?? null
    // a place in an array is no number
    if (e.kind === 'ref') return
    for (const part of e.kind === 'subscript' ? [e.of] : children(e)) visit(part)
  }
  visitStatements(model.statements, (s) => {
    // the ends of a loop are no values
    if (s.kind === 'for') return
    for (const e of statementExpressions(s)) visit(e)
  })
  for (const s of model.symbols) if (s.kind === 'let') visit(s.value)
  return found
}

/** true where a dimension of a param is one of the sizes. */
function readsSize(s: Extract<ModelSymbol, { kind: 'param' }>, sizes: ReadonlyMap<SymbolId, number>): boolean {
  let found = false
  for (const dim of [...s.type.batch, ...s.type.core])
    visitExpression(dim.size, (e) => {
      found ||= e.kind === 'ref' && sizes.has(e.symbol)
    })
  return found
}

/**
 * Rows that an instance of a statement reads or explains, as (size, place from 0); or why rows cannot be told apart. A
 * whole column (`min(x)`) is a figure of the data, not a row of it.
 */
function rowsRead(
  { statement, env, guards }: Instance,
  symbols: ReadonlyMap<SymbolId, ModelSymbol>,
  sizes: ReadonlyMap<SymbolId, number>,
): readonly (readonly [SymbolId, number])[] | string {
  const rows: (readonly [SymbolId, number])[] = []
  let problem: string | null = null
  const visit = (e: TExpr, at: Environment): void =>
    visitExpression(e, (part) => {
      if (part.kind !== 'ref') return
      const s = symbols.get(part.symbol)
      const id = s?.kind === 'data' ? rowSize(s) : null
      const n = id === null ? undefined : sizes.get(id)
      if (s?.kind !== 'data' || id === null || n === undefined) return
      const place = placeOf(part.subscripts, at)
      if (place === null || place < 1 || place > n) return
      if (!isLoop(part.subscripts, symbols)) problem ??= numbered(s)
      rows.push([id, place - 1])
    })
  for (const g of guards) visit(g.condition, g.env)
  if (statement.kind === 'sample') {
    visit(statement.target, env)
    for (const e of distributionExpressions(statement.distribution)) visit(e, env)
  } else for (const e of statementExpressions(statement)) visit(e, env)
  return problem ?? rows
}

const numbered = (s: DataSymbol): string => `the data gives numbers of rows of \`${s.name}\`, which would change`

/** The row that the first subscript picks; null for all rows, a slice, or a row that is not known. */
function placeOf(subscripts: readonly Subscript[], env: Environment): number | null {
  const [first] = subscripts
  if (first?.kind !== 'at') return null
  const { index } = first
  if (index.kind === 'ref' && !env.bound.has(index.symbol) && index.symbol.startsWith('index:')) return null
  const place = number(index, env)
  return Number.isInteger(place) ? place : null
}

/** true where the first subscript is made of loop variables and numbers alone. */
function isLoop([first]: readonly Subscript[], symbols: ReadonlyMap<SymbolId, ModelSymbol>): boolean {
  if (first?.kind !== 'at') return true
  let own = true
  visitExpression(first.index, (e) => {
    if (e.kind === 'ref') own &&= symbols.get(e.symbol)?.kind === 'index'
  })
  return own
}
