/** Posteriors over bound data, read from the program of reports: what prediction and a fit's posteriors are made of. */
import { keyOf } from '../algebra/key.js'
import type { IndexVar } from '../algebra/types.js'
import type { ContinuousReport } from '../lower/continuous-reports.js'
import { extentOf } from '../lower/lowerer.js'
import { lowerReports, type ReportOptions, type ReportProgram } from '../lower/reports.js'
import { MOST_LOOPS, silentBuffer, silentDepthBuffer, silentLoopBuffer } from '../lower/residuals/silent-cells.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import type { ProgramModel } from './bound-model.js'
import { FactorisedState } from './factorised-state.js'
import { type FilteredCells, filteredStates } from './filtered-states.js'
import { type ImputedCells, missingCells, readImputations } from './imputed-cells.js'
import { jointContributions } from './joint-contributions.js'
import { KernelRunner } from './kernel-runner.js'
import { allocate, type ProgramMemory } from './memory.js'
import { IntegratedLaw } from './residuals/integrated-law.js'
import type { NumericLaw } from './residuals/numeric-law.js'
import { rowCount, rowLengths, tableRows } from './table-rows.js'
import { UnitsOfRows } from './units-of-rows.js'

/** One array for each row, one after another. */
export interface RowArrays {
  /** Extents of one row's array; empty for a number. */
  readonly own: readonly number[]
  readonly values: Float64Array
}

/** Posterior of a continuous latent: `rows` vectors of `size` elements (1 for a number), row-major. */
export interface ContinuousPosterior {
  readonly name: string
  /** Extents of its plates. */
  readonly shape: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: rows are those of the sequences, one after another. */
  readonly lengths: readonly number[] | null
  readonly rows: number
  /** Extents of one row's array; empty for a number. */
  readonly own: readonly number[]
  readonly size: number
  /** rows × size. */
  readonly mean: Float64Array
  readonly variance: Float64Array
  /** rows × size × size; null for numbers, and where the cells are data. */
  readonly covariance: Float64Array | null
  /** Name of the family where the posterior is one; null where it is a mixture over discrete latents. */
  readonly family: string | null
  /** Parameters of a conjugate family, or of a Student's t. */
  readonly parameters: ReadonlyMap<string, RowArrays>
}

/** What one row of an outermost plate, or what belongs to no row, adds to the log-likelihood. */
export interface Contributions {
  /** The letter of the loop; null: what belongs to no row, or groups of rows that are the rows of no loop. */
  readonly plate: string | null
  readonly values: Float64Array
}

export interface Posteriors {
  /** Probabilities by latent, rows × values. */
  readonly discrete: ReadonlyMap<string, Float64Array>
  /** Counts and latents that an equation gives, by latent; variances where they are known. */
  readonly counts: ReadonlyMap<string, { readonly mean: Float64Array; readonly variance: Float64Array | null }>
  readonly continuous: readonly ContinuousPosterior[]
  /** Where they were asked for. */
  readonly contributions: readonly Contributions[]
  /** Which of them rows of statements belong to; null where they were not asked for. */
  readonly units: UnitsOfRows | null
  /** Missing cells by array, where they were asked for; arrays without any are left out. */
  readonly imputed: readonly ImputedCells[]
  /** What the statements that were asked about read, in their order. */
  readonly laws: readonly (NumericLaw | string)[]
}

/** Statements that say nothing: the number of their array or 0, of their loops or 0, and values of these, 0 for all. */
export interface Silent {
  readonly data: number
  readonly depth: number
  readonly at: readonly number[]
}

const NOTHING_SILENT: Silent = { data: 0, depth: 0, at: [] }

const SILENT_LOOPS = Array.from({ length: MOST_LOOPS }, (_, i) => silentLoopBuffer(i))

/** The reports of one model over its data; programs are lowered and compiled once. */
export class PosteriorReports {
  private readonly program: ReportProgram
  private readonly memory: ProgramMemory
  private readonly kernels: KernelRunner

  constructor(
    private readonly model: ProgramModel,
    private readonly options: ReportOptions = {},
  ) {
    if (model.memory.windows !== null) throw new Error('the rows do not lie in memory')
    this.program = lowerReports(model.derivation, options)
    this.memory = allocate(this.program.program, model.derivation.model.symbols, model.data, model.numbers)
    this.kernels = new KernelRunner(
      this.program.program,
      this.memory,
      model.params,
      model.zeroLimits,
      model.options.compile,
    )
  }

  /** Posteriors at params, laid out as the model's. */
  at(params: Float64Array, silent: Silent = NOTHING_SILENT): Posteriors {
    const { program, reports, continuous } = this.program
    this.kernels.load(params, 'param')
    const memory = this.memory.whole()
    if (this.options.laws !== undefined) this.silence(memory, silent)
    this.kernels.run(program.derived.param, memory)
    const q = this.model.reportedFactors(params)
    if (program.factorised !== null && q !== null)
      new FactorisedState(program, program.factorised, this.memory, this.kernels).putBack(q)
    for (const pass of program.passes) this.kernels.runWhole(pass.posterior)
    this.kernels.run(program.marginals, memory)
    this.kernels.run(reports, memory)
    const copy = (id: string): Float64Array => Float64Array.from(f64(memory, id))
    const ofKind = (kind: 'discrete' | 'count') => program.latents.filter((l) => l.kind === kind)
    const discrete = new Map(ofKind('discrete').map((l) => [l.name, copy(l.buffer)]))
    const counts = ofKind('count').map((l) => {
      const variance = this.program.countVariances.get(l.name)
      return [l.name, { mean: copy(l.buffer), variance: variance === undefined ? null : copy(variance) }] as const
    })
    const filtered = new Map(this.program.filtered.flatMap((b) => [...filteredStates(b, this.model.numbers, memory)]))
    const numbers = continuous.map((r) => this.read(r, memory, filtered.get(r.name) ?? null))
    return {
      discrete,
      counts: new Map(counts),
      continuous: numbers,
      imputed: this.options.impute === true ? this.imputed(discrete, numbers, memory) : [],
      ...this.contributions(memory),
      // read before the next call
      laws: this.program.laws.map((law) => {
        if (typeof law === 'string') return law
        const { numbers } = this.model
        return law.points === null
          ? { law, table: (id: string) => f64(memory, id) }
          : new IntegratedLaw(
              law,
              law.points,
              { memory, numbers, run: (ops) => this.kernels.run(ops, memory) },
              silent.data === law.number && silent.depth === law.loops ? silent.at : null,
              this.model.derivation.distributions,
            )
      }),
    }
  }

  private contributions(memory: Memory): Pick<Posteriors, 'contributions' | 'units'> {
    const { contributions, jointUnits } = this.program
    const { derivation, numbers } = this.model
    if (this.options.contributions !== true) return { contributions: [], units: null }
    const found: { readonly loop: IndexVar | null; readonly values: Float64Array }[] = contributions.map((c) => ({
      loop: c.loop,
      values: Float64Array.from(f64(memory, c.buffer)),
    }))
    const add = (loop: IndexVar | null, values: Float64Array): void => {
      const known = found.find((c) => (loop === null || c.loop === null ? c.loop === loop : sameRows(c.loop, loop)))
      if (known === undefined || known.values.length !== values.length) found.push({ loop, values })
      else for (const [i, value] of values.entries()) known.values[i] = (known.values[i] ?? 0) + value
    }
    const joint = jointUnits.map((units) => jointContributions(units, memory, numbers))
    for (const { loop, values, rest } of joint) {
      add(loop, values)
      if (rest !== 0) add(null, Float64Array.of(rest))
    }
    const parts = found.map(({ loop, values }) => ({ loop, rows: values.length }))
    return {
      contributions: found.map(({ loop, values }) => ({ plate: loop?.name ?? null, values })),
      units: new UnitsOfRows(derivation, numbers, parts, joint),
    }
  }

  private silence(memory: Memory, { data, depth, at }: Silent): void {
    for (const { id } of this.program.program.buffers) {
      const loop = SILENT_LOOPS.indexOf(id)
      if (id === silentBuffer) f64(memory, id)[0] = data
      else if (id === silentDepthBuffer) f64(memory, id)[0] = depth
      else if (loop >= 0) f64(memory, id)[0] = at[loop] ?? 0
    }
  }

  private imputed(
    discrete: Posteriors['discrete'],
    continuous: readonly ContinuousPosterior[],
    memory: Memory,
  ): readonly ImputedCells[] {
    const { data, numbers, latents } = this.model
    return [...data.arrays].flatMap(([name, array]): readonly ImputedCells[] => {
      if (array.missing === 0) return []
      const own = continuous.find((p) => p.name === name)
      const labels = discrete.get(name)
      const cells = missingCells(array)
      if (own !== undefined)
        return [
          {
            data: name,
            cells,
            mean: Float64Array.from(cells, (i) => own.mean[i] ?? Number.NaN),
            variance: Float64Array.from(cells, (i) => own.variance[i] ?? Number.NaN),
            probabilities: null,
            values: 0,
            reason: null,
          },
        ]
      if (labels !== undefined) {
        const values = latents.find((l) => l.name === name)?.values ?? 0
        const probabilities = new Float64Array(cells.length * values)
        cells.forEach((flat, i) => {
          probabilities.set(labels.subarray(flat * values, (flat + 1) * values), i * values)
        })
        return [{ data: name, cells, mean: null, variance: null, probabilities, values, reason: null }]
      }
      const statements = this.program.imputations.filter((p) => p.data === name)
      return [readImputations(name, array, statements, numbers, memory)]
    })
  }

  private read(r: ContinuousReport, memory: Memory, filtered: FilteredCells | null): ContinuousPosterior {
    const { numbers } = this.model
    const own = r.own.map((v) => numbers.extent(extentOf(v)))
    const size = own.reduce((a, b) => a * b, 1)
    const shape = r.loops.map((v) => numbers.extent(extentOf(v)))
    const rows = (padded: Float64Array, width: number): Float64Array => this.rows(r.loops, padded, width)
    const [mean, variance] = [filtered?.mean ?? f64(memory, r.mean), filtered?.variance ?? f64(memory, r.variance)]
    return {
      name: r.name,
      shape,
      lengths: rowLengths(r.loops, numbers),
      rows: rowCount(r.loops, numbers),
      own,
      size,
      mean: rows(mean, size),
      variance: rows(variance, size).map((v) => Math.max(0, v)),
      covariance:
        r.covariance === null ? null : rows(covarianceOf(f64(memory, r.covariance), size, filtered), size * size),
      family: r.family,
      parameters: new Map(
        r.parameters.map((p) => {
          const extents = p.own.map((v) => numbers.extent(extentOf(v)))
          const width = extents.reduce((a, b) => a * b, 1)
          return [p.name, { own: extents, values: rows(f64(memory, p.buffer), width) }]
        }),
      ),
    }
  }

  /** The rows of a buffer whose ragged extents are padded, one after another. */
  private rows(loops: readonly IndexVar[], padded: Float64Array, width: number): Float64Array {
    const { numbers } = this.model
    if (rowLengths(loops, numbers) === null) return Float64Array.from(padded)
    const extents = loops.map((v) => numbers.extent(extentOf(v)))
    const out = new Float64Array(rowCount(loops, numbers) * width)
    let row = 0
    for (const at of tableRows(loops, numbers)) {
      const flat = loops.reduce((n, v, i) => n * (extents[i] ?? 0) + (at.get(v.id) ?? 0) - numbers.value(v.from, at), 0)
      out.set(padded.subarray(flat * width, (flat + 1) * width), row++ * width)
    }
    return out
  }
}

const sameRows = (a: IndexVar, b: IndexVar): boolean => keyOf(a.to) === keyOf(b.to)

/** Covariances of the rows of a latent, as in its buffer or filtered. */
function covarianceOf(buffer: Float64Array, size: number, filtered: FilteredCells | null): Float64Array {
  if (filtered === null) return buffer
  return buffer.map((_, i) => {
    const row = Math.floor(i / (size * size)) * size
    return filtered.covariance(row + (Math.floor(i / size) % size), row + (i % size))
  })
}
