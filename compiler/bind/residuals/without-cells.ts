import { ONE } from '../../algebra/build.js'
import { extentOf } from '../../lower/lowerer.js'
import { MOST_LOOPS } from '../../lower/residuals/silent-cells.js'
import type { CellLaw } from '../../lower/residuals/types.js'
import type { ProgramModel } from '../bound-model.js'
import { iterate } from '../imputed-cells.js'
import type { PosteriorReports, Silent } from '../posterior-reports.js'
import type { NumericLaw } from './numeric-law.js'

/** Values of loops that lie beside those of a table of latents, at most: each takes an E-step. */
const MOST_BESIDE = 64
/** Cells times cells gone through again, at most, for single cells without which the posterior is taken anew. */
const MOST_AGAIN = 2e6

/** What is known without some cells: the E-step is taken again with the statement silent there. */
export class WithoutCells {
  constructor(
    private readonly model: ProgramModel,
    private readonly params: Float64Array,
    private readonly reports: PosteriorReports,
    /** With rows of Normal posteriors apart. */
    private readonly rowByRow: () => PosteriorReports,
  ) {}

  /** The share of a law at all rows, each without the cells of its own row; null where that is not to be had at once. */
  shares(law: CellLaw): Float64Array | null {
    const { ownLoops, rows, values, loops } = law
    if (law.share === null || ownLoops === null) return null
    const { numbers } = this.model
    const all = [...rows, ...values]
    const sizes = all.map((v) => numbers.extent(extentOf(v)))
    const beside = Array.from({ length: loops }, (_, i) => i).filter((i) => !ownLoops.includes(i))
    const counts = beside.map((i) => sizes[i] ?? 1)
    const count = counts.reduce((a, b) => a * b, 1)
    if (count > MOST_BESIDE || loops > MOST_LOOPS) return null
    const out = new Float64Array(sizes.reduce((a, b) => a * b, 1))
    for (let c = 0; c < count; c++) {
      const at = new Array<number>(loops).fill(0)
      let rest = c
      beside.forEach((i, n) => {
        at[i] = numbers.value(rows[i]?.from ?? ONE) + (rest % (counts[n] ?? 1))
        rest = Math.floor(rest / (counts[n] ?? 1))
      })
      const share = this.taken(law, { data: law.number, depth: 0, at }).table(law.share)
      iterate(all, sizes, numbers, (indices, flat) => {
        if (beside.every((i) => indices.get(rows[i]?.id ?? '') === at[i])) out[flat] = share[flat] ?? Number.NaN
      })
    }
    return out
  }

  /** How many cells may be taken one by one. */
  get single(): number {
    return Math.floor(MOST_AGAIN / Math.max(1, this.model.observations))
  }

  /** The law without what one iteration of its statement says: to be read before another is. */
  row(law: CellLaw, at: readonly number[]): NumericLaw {
    return this.taken(law, { data: law.number, depth: law.loops, at })
  }

  private taken({ data, span, silenced }: CellLaw, silent: Silent): NumericLaw {
    const reports = silenced === 'row by row' ? this.rowByRow() : this.reports
    for (const other of reports.at(this.params, silent).laws)
      if (typeof other !== 'string' && other.law.data === data && other.law.span.start === span.start) return other
    throw new Error('no such law')
  }
}
