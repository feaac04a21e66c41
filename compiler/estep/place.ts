/** Finds the table row that a factor belongs to, and through which key it reads a coarser table. */
import { add, bothOf, caseOf, compare, idx, mul, num, TRUE } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices, substituteIndex } from '../algebra/visit.js'
import type { LiftedFactor, LiftedVariable } from '../graph/lift.js'
import type { DiscreteLatent, Loop } from '../graph/types.js'
import type { ChainAxis } from './chain-axes.js'
import { elementName, keysOf, lengthOf, readsByTable, stepOf, type TableReads, tableOf, valuesOf } from './places.js'
import type { EStepRefusal, PlacedFactor } from './types.js'

/** A factor at home: its table, and the row of the parent table that it reads beside. */
export interface Home {
  readonly factor: PlacedFactor
  readonly table: string
  readonly parent: ParentRow | null
}

export interface ParentRow {
  readonly table: string
  /** Key to its row, in the loops of the home table; along a chain that of the latest place read. */
  readonly key: readonly Expr[]
}

/** What a factor reads of one table: the latest place, and how many steps back each variable lies. */
interface Reads extends TableReads {
  readonly row: readonly Expr[]
  readonly lags: ReadonlyMap<LiftedVariable, number>
  /** How the loops of the factor become the row's own; null where the row is found through a key. */
  readonly own: OwnRow | null
}

interface OwnRow {
  readonly when: Guard
  readonly by: ReadonlyMap<string, Expr>
  /** Loops of the factor that the row stands for, with the loops of the table. */
  readonly taken: readonly { readonly loop: Loop; readonly of: Loop }[]
  /** Single places along loops of the table. */
  readonly fixed: readonly { readonly at: Expr; readonly of: Loop }[]
}

export function place(f: LiftedFactor, axes: ReadonlyMap<string, ChainAxis>): Home | EStepRefusal {
  const tables = readsByTable(f.variables)
  const reads = tables.map((t) => readsOf(t, f, axes, tables.length > 1))
  const homes = reads
    .filter((r) => r.own !== null)
    .sort((a, b) => b.loops.length - a.loops.length || Number(axes.has(a.table)) - Number(axes.has(b.table)))
  if (reads.length > 2 && homes.length > 0)
    return {
      ...refusal(
        'E404',
        f,
        'this statement joins latents of more than two tables, which has no exact E-step in this version',
      ),
      coupled: reads.flatMap((r) => r.variables.map((v) => v.latent.name)),
    }
  let first: EStepRefusal | null = null
  for (const fine of homes) {
    const found = withParent(fine, reads.find((r) => r !== fine) ?? null, f, axes)
    if (!('code' in found)) return found
    first ??= found
  }
  const [only] = reads
  if (first === null && reads.length === 1 && only !== undefined) return byKey(only, f)
  return (
    first ?? {
      ...refusal(
        'E404',
        f,
        `this statement joins ${reads.map((r) => `\`${r.variables[0]?.latent.name ?? ''}\``).join(' and ')} of several groups through keys, which makes every latent depend on every other`,
      ),
      ...crossed(reads.flatMap((r) => r.variables.slice(0, 1).map((v) => v.latent))),
    }
  )
}

/** Latents of crossed groups: given all of one side, those of the other fall apart. */
export function crossed(latents: readonly DiscreteLatent[]): Pick<EStepRefusal, 'coupled' | 'cost'> {
  const sides = latents.map((l) => ({ values: valuesOf(l), places: mul(...l.loops.map((x) => lengthOf(x.index))) }))
  return { coupled: [...new Set(latents.map((l) => l.name))], cost: { kind: 'states', sides } }
}

const refusal = (code: string, f: LiftedFactor, message: string): EStepRefusal => ({
  code,
  span: f.factor.span,
  message,
})

function readsOf(t: TableReads, f: LiftedFactor, axes: ReadonlyMap<string, ChainAxis>, joined: boolean): Reads {
  const axis = axes.get(t.table)
  const [first] = t.variables
  const index = first?.index ?? []
  const offsets = t.variables.map((v) => (axis === undefined ? 0 : offsetAt(v, axis)))
  const latest = Math.max(...offsets)
  const row = index.map((e, i) => {
    if (axis === undefined || i !== axis.position) return e
    return add(stepOf(e).base, num(latest))
  })
  return {
    ...t,
    row,
    lags: new Map(t.variables.map((v, i) => [v, latest - (offsets[i] ?? 0)])),
    own: ownRow(t, row, f, axis, joined),
  }
}

const offsetAt = (v: LiftedVariable, axis: ChainAxis): number => {
  const e = v.index[axis.position]
  return e === undefined ? 0 : stepOf(e).offset
}

/**
 * The row as an iteration of the table's loops: each index is the loop itself, or (along a chain, or beside another table)
 * another loop of the factor shifted by a number, or one place. Else null.
 */
function ownRow(
  t: TableReads,
  row: readonly Expr[],
  f: LiftedFactor,
  axis: ChainAxis | undefined,
  joined: boolean,
): OwnRow | null {
  const shifts = axis !== undefined || joined
  let when: Guard = TRUE
  const by = new Map<string, Expr>()
  const taken: { loop: Loop; of: Loop }[] = []
  const fixed: { at: Expr; of: Loop }[] = []
  for (const [i, of] of t.loops.entries()) {
    const e = row[i]
    if (e === undefined) return null
    const { base, offset } = stepOf(e)
    const loop = f.factor.loops.find((l) => base.kind === 'index' && base.var === l.index.id)
    const bound = f.factor.loops.some((l) => l.index.id === of.index.id)
    if (loop !== undefined && loop.index.id === of.index.id && offset === 0) taken.push({ loop, of })
    else if (loop !== undefined && shifts && !by.has(loop.index.id) && (!bound || loop.index.id === of.index.id)) {
      const behind = add(idx(of.index), num(-offset))
      when = bothOf(when, within(of.index, loop.index, offset, by))
      by.set(loop.index.id, behind)
      taken.push({ loop, of })
    } else if ((axis?.position === i || joined) && freeIndices(e).size === 0 && !bound) {
      when = bothOf(when, compare('==', idx(of.index), e))
      fixed.push({ at: e, of })
    } else return null
  }
  return { when, by, taken, fixed }
}

/** The places `of` at which a loop that runs `offset` steps behind is within its range. */
function within(of: IndexVar, loop: IndexVar, offset: number, by: ReadonlyMap<string, Expr>): Guard {
  const from = add(substituteIndex(loop.from, by), num(offset))
  const to = add(substituteIndex(loop.to, by), num(offset))
  const low = keyOf(from) === keyOf(of.from) ? TRUE : compare('>=', idx(of), from)
  const high = keyOf(to) === keyOf(of.to) ? TRUE : compare('<=', idx(of), to)
  return bothOf(low, high)
}

function withParent(
  fine: Reads,
  coarse: Reads | null,
  f: LiftedFactor,
  axes: ReadonlyMap<string, ChainAxis>,
): Home | EStepRefusal {
  const { own } = fine
  if (own === null) throw new Error('a home without a row')
  const first = fine.variables[0]?.latent
  const up = coarse?.variables[0]?.latent
  const key = (coarse?.row ?? []).map((e) => atPlace(substituteIndex(e, own.by), own))
  if (first !== undefined && up !== undefined) {
    const loops = new Set(fine.loops.map((l) => l.index.id))
    if (!key.every((e) => [...freeIndices(e)].every((v) => loops.has(v))))
      return {
        ...refusal(
          'E404',
          f,
          `\`${up.name}\` is read through an index that is not a key of the rows of \`${first.name}\``,
        ),
        coupled: [up.name, first.name],
      }
    const axis = axes.get(fine.table)
    if (axis !== undefined && key.some((e) => freeIndices(e).has(axis.loop.index.id)))
      return {
        ...refusal(
          'E404',
          f,
          `each place of the chain \`${first.name}\` reads another \`${up.name}\`, and the chain couples them all`,
        ),
        coupled: [up.name, first.name],
        cost: { kind: 'states', sides: [{ values: valuesOf(up), places: lengthOf(axis.loop.index) }] },
        help: `let the whole sequence read one \`${up.name}\`, or let \`${up.name}\` stand in the loop of the chain`,
      }
  }
  const rest = f.factor.loops.filter((l) => !own.taken.some((t) => t.loop === l))
  const extraLoops = rest.map((l) => ({ ...l, index: substituted(l.index, own.by) }))
  // the weight of a loop that the table's own loop does not carry
  const weights = own.taken.flatMap((t) => (t.loop.weight !== null && t.of.weight === null ? [t.loop.weight] : []))
  const expr = substituteIndex(mul(...weights, f.expr), own.by)
  return {
    table: fine.table,
    parent: coarse === null ? null : { table: coarse.table, key },
    factor: {
      lifted: { ...f, expr, variables: f.variables.map((v) => ({ ...v, value: substituted(v.value, own.by) })) },
      row: fine.loops.map((l) => idx(l.index)),
      extraLoops,
      direct: true,
      when: own.when,
      elements: elementsOf(f, coarse === null ? [fine] : [fine, coarse]),
      shifted: own.by,
    },
  }
}

/** A single place of the parent as steps from that of the row, which is the same wherever the factor counts. */
function atPlace(e: Expr, own: OwnRow): Expr {
  const { base, offset } = stepOf(e)
  const beside = own.fixed.find((x) => freeIndices(e).size === 0 && keyOf(stepOf(x.at).base) === keyOf(base))
  return beside === undefined ? e : add(idx(beside.of.index), num(offset - stepOf(beside.at).offset))
}

const substituted = (v: IndexVar, by: ReadonlyMap<string, Expr>): IndexVar => ({
  ...v,
  from: substituteIndex(v.from, by),
  to: substituteIndex(v.to, by),
})

/** A factor that reads one table only, through a key. */
function byKey(reads: Reads, f: LiftedFactor): Home {
  return {
    table: reads.table,
    parent: null,
    factor: {
      lifted: f,
      row: reads.row,
      extraLoops: f.factor.loops,
      direct: false,
      when: TRUE,
      elements: elementsOf(f, [reads]),
      shifted: new Map(),
    },
  }
}

function elementsOf(f: LiftedFactor, reads: readonly Reads[]): readonly string[] {
  return f.variables.map((v) => {
    const own = reads.find((r) => r.table === tableOf(v.latent))
    return elementName(v.latent.name, own?.lags.get(v) ?? 0)
  })
}

/** The log density of a placed factor at a row: 0 where the row has no such iteration. */
export const placedExpr = (f: PlacedFactor): Expr => caseOf(f.when, f.lifted.expr)

export { keysOf }
