/** Which row of what a log-likelihood falls apart into a row of a statement belongs to. */
import { keyOf } from '../algebra/key.js'
import type { IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import type { Factor } from '../graph/types.js'
import { extentOf } from '../lower/lowerer.js'
import { type Unit, unitOf } from '../lower/scores.js'
import type { JointContributions } from './joint-contributions.js'
import type { BoundNumbers } from './sizes.js'
import { tableRows } from './table-rows.js'

/** A row of one of the contributions. */
export interface UnitPlace {
  readonly contribution: number
  readonly row: number
}

export class UnitsOfRows {
  private readonly units: ReadonlyMap<Factor, Unit | null>

  constructor(
    private readonly d: Derivation,
    private readonly numbers: BoundNumbers,
    /** The loop of each contribution, and how many rows it has. */
    private readonly parts: readonly { readonly loop: IndexVar | null; readonly rows: number }[],
    private readonly joint: readonly JointContributions[],
  ) {
    this.units = new Map(d.lifted.map((f) => [f.factor, unitOf(f, d)]))
  }

  /** The place of one row of a statement, whose loops have these values; null where nothing falls apart. */
  placeOf(factor: Factor, at: ReadonlyMap<string, number>): UnitPlace | null {
    return this.ofUnit(factor, at) ?? this.ofLoop(factor, at) ?? this.place(null, 0)
  }

  private ofUnit(factor: Factor, at: ReadonlyMap<string, number>): UnitPlace | null {
    for (const { loop, unitOfRow } of this.joint) {
      const row = unitOfRow(factor, at)
      if (row !== null) return this.place(row < 0 ? null : loop, row < 0 ? 0 : row)
    }
    const unit = this.units.get(factor) ?? null
    return unit === null ? null : this.place(unit.loop, this.numbers.value(unit.at, at) - 1)
  }

  private ofLoop(factor: Factor, at: ReadonlyMap<string, number>): UnitPlace | null {
    const outer = factor.loops[0]?.index
    return outer === undefined ? null : this.place(outer, (at.get(outer.id) ?? 1) - 1)
  }

  /** For each contribution which of its rows have data: a group of which there is none adds nothing. */
  withData(): readonly Uint8Array[] {
    const out = this.parts.map(({ rows }) => new Uint8Array(rows))
    const mark = (place: UnitPlace | null): void => {
      const own = place === null ? undefined : out[place.contribution]
      if (own !== undefined && place !== null) own[place.row] = 1
    }
    for (const factor of this.d.graph.factors) {
      if (factor.role !== 'likelihood') continue
      const outer = factor.loops[0]?.index
      const unit = this.units.get(factor)
      const isOwn = unit?.at.kind === 'index' && unit.at.var === outer?.id
      if (isOwn && outer !== undefined && this.joint.every((j) => !j.reads(factor))) {
        const from = this.numbers.value(outer.from)
        const until = from + this.numbers.extent(extentOf(outer))
        const at = new Map<string, number>()
        for (let i = from; i < until; i++) mark(this.placeOf(factor, at.set(outer.id, i)))
      } else
        for (const at of tableRows(
          factor.loops.map((l) => l.index),
          this.numbers,
        ))
          mark(this.placeOf(factor, at))
    }
    return out
  }

  private place(loop: IndexVar | null, row: number): UnitPlace | null {
    const key = keyOfLoop(loop)
    const contribution = this.parts.findIndex((p) => keyOfLoop(p.loop) === key && row < p.rows)
    return contribution < 0 ? null : { contribution, row }
  }
}

const keyOfLoop = (loop: IndexVar | null): string => (loop === null ? '' : keyOf(loop.to))
