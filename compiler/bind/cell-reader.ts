/**
 * Statements on cells of data, read over bound data: which of them speaks of a cell, and the numbers that its expressions
 * give there at some params, for some values of the latents.
 */
import type { ParamLayout } from '../../runtime/contract.js'
import { type Environment, evaluate, holds } from '../algebra/evaluate.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { children } from '../algebra/visit.js'
import { type CellDensity, OPEN_VALUE } from '../graph/cell-density.js'
import type { BoundNumbers } from './sizes.js'
import { rowCount, tableRows } from './table-rows.js'

/** A statement read for one column of its array. */
export interface ColumnStatement {
  readonly cell: CellDensity
  /** The loops and batch indices that run over rows; the others are fixed by the column. */
  readonly rows: readonly IndexVar[]
  /** Fixed indices, by id, from 1. */
  readonly fixed: ReadonlyMap<string, number>
}

/** What an expression is evaluated with, besides data and sizes. */
export interface CellPoint {
  readonly params: Float64Array
  /** Values of the loops. */
  readonly indices: ReadonlyMap<string, number>
  /** Values of discrete latents, by name. */
  readonly latents: ReadonlyMap<string, number>
  /** Values that stand for continuous latents, by name. */
  readonly continuous?: ReadonlyMap<string, StandIn>
  /** The open value. */
  readonly value?: number
  /** Data that is replaced: the number for an array's cell at these indices, undefined where it stays. */
  replace?(name: string, index: readonly number[]): number | undefined
}

/** One value for all rows of a continuous latent: a number, or a vector where `rank` is 1. */
export interface StandIn {
  readonly rank: number
  readonly values: Float64Array
}

const standIn = (of: StandIn | undefined, index: readonly number[]): number =>
  of?.values[of.rank === 0 ? 0 : (index.at(-1) ?? 1) - 1] ?? Number.NaN

export class CellReader {
  private readonly layouts: ReadonlyMap<string, ParamLayout>

  constructor(
    params: readonly ParamLayout[],
    private readonly numbers: BoundNumbers,
  ) {
    this.layouts = new Map(params.map((p) => [p.name, p]))
  }

  value(e: Expr, at: CellPoint): number {
    return evaluate(e, this.environment(at))
  }

  holds(guard: Guard, at: CellPoint): boolean {
    return guard.kind === 'literal' ? guard.value : holds(guard, this.environment(at))
  }

  /**
   * The statement for column `column`, from 0, of an array of `rank` dimensions whose last one is that of columns where
   * there are two; null where it does not speak of the column.
   */
  column(cell: CellDensity, column: number, rank: number): ColumnStatement | null {
    const all = [...cell.loops.map((l) => l.index), ...cell.batch]
    const last = cell.index.at(-1)
    if (rank < 2 || last === undefined || cell.index.length < 2) return { cell, rows: all, fixed: new Map() }
    if (last.kind !== 'index') {
      const at = freeOf(last).length === 0 ? this.numbers.value(last) : Number.NaN
      return at === column + 1 ? { cell, rows: all, fixed: new Map() } : null
    }
    return { cell, rows: all.filter((v) => v.id !== last.var), fixed: new Map([[last.var, column + 1]]) }
  }

  /** Indices of at most `most` rows of a statement, evenly spread over all of them, each with the weight of those it stands for. */
  rows(
    s: ColumnStatement,
    most: number,
  ): readonly { readonly indices: ReadonlyMap<string, number>; readonly weight: number }[] {
    const count = rowCount(s.rows, this.numbers)
    const step = Math.max(1, count / most)
    const weights = s.cell.loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
    const out: { indices: ReadonlyMap<string, number>; weight: number }[] = []
    let next = 0
    let row = 0
    for (const at of tableRows(s.rows, this.numbers)) {
      if (row >= next) {
        const indices = new Map([...at, ...s.fixed])
        out.push({ indices, weight: weights.reduce((w, e) => w * this.numbers.value(e, indices), 1) })
        next += step
      }
      row += 1
    }
    for (const r of out) r.weight *= count / out.length
    return out
  }

  private environment({ params, indices, latents, continuous, value, replace }: CellPoint): Environment {
    return {
      indices,
      ref: (space, name, index) => {
        switch (space) {
          case 'param':
            return params[this.position(name, index)] ?? Number.NaN
          case 'latent':
            return latents.get(name) ?? standIn(continuous?.get(name), index)
          case 'table':
            return name === OPEN_VALUE ? (value ?? Number.NaN) : Number.NaN
          case 'observed':
            return 1
          case 'data':
            return replace?.(name, index) ?? this.numbers.value({ kind: 'ref', space, name, index: index.map(number) })
          default:
            return this.numbers.value({ kind: 'ref', space, name, index: index.map(number) })
        }
      },
    }
  }

  private position(name: string, index: readonly number[]): number {
    const layout = this.layouts.get(name)
    if (layout === undefined) return -1
    return layout.offset + index.reduce((at, i, d) => at * (layout.shape[d] ?? 1) + i - 1, 0)
  }
}

const number = (n: number): Expr => ({ kind: 'num', value: { n, d: 1 } })

/** Free index variables of an expression that stand outside of references to latents. */
export function freeOf(e: Expr): readonly string[] {
  const out = new Set<string>()
  const walk = (x: Expr, bound: ReadonlySet<string>): void => {
    if (x.kind === 'index' && !bound.has(x.var)) out.add(x.var)
    if (x.kind === 'ref' && x.space === 'latent') return
    const inner =
      x.kind === 'sum'
        ? new Set([...bound, x.index.id])
        : x.kind === 'inverse' || x.kind === 'logdet'
          ? new Set([...bound, x.of.row.id, x.of.column.id])
          : bound
    for (const c of children(x)) walk(c, inner)
  }
  walk(e, new Set())
  return [...out]
}
