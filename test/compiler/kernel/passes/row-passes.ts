/** Passes over rows of models with data: as written, and as a reduction or rewriting has made them. */
import type { ProgramModel } from '../../../../compiler/bind/bound-model.js'
import { sumGroups } from '../../../../compiler/bind/row-sums.js'
import { verifyKernel } from '../../../../compiler/kernel/index.js'
import type { DataArrays } from '../../../../compiler/kernel/passes/data-cache.js'
import type { PassContext, RowProgram } from '../../../../compiler/kernel/passes/types.js'
import type { Buffer, SizeKey } from '../../../../compiler/kernel/types.js'
import type { Pass } from '../../../../compiler/lower/program.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import type { CompileKernel, Memory } from '../../../../compiler/targets/memory.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'
import { compileOrThrow } from '../../../../index.js'
import { seededRandom } from '../../../laws/support/random.js'

export const TARGETS: Readonly<Record<string, CompileKernel>> = {
  JavaScript: compileJavaScript,
  interpreter: compileInterpreter,
  WebAssembly: compileWasm,
}

export interface Rows {
  readonly program: RowProgram
  readonly context: PassContext
  readonly data: DataArrays
  /** Params at an interior point, with the tables made from them. */
  readonly memory: Memory
  readonly size: SizeKey
}

/** The E-step of the passes over rows of a model: posterior, objective and statistics, and with `trial` Q as well. */
export function rowPasses(text: string, table: unknown, seed = 1): readonly Rows[] {
  const model = bound(text, table)
  return rowPassesAt(model, model.separated(seededRandom(seed)), false)
}

export const bound = (text: string, table: unknown): ProgramModel =>
  compileOrThrow(text).bind(table as never, {}).model as ProgramModel

/** The same at params; `sums`: those of passes over whole arrays too, as far as they are over rows. */
export function rowPassesAt(model: ProgramModel, params: Float64Array, sums: boolean): readonly Rows[] {
  const { blocks } = model.memory
  for (const p of model.params)
    for (const space of ['param', 'trial'])
      blocks.buffers.get(`${space}:${p.name}`)?.set(params.subarray(p.offset, p.offset + p.length))
  for (const ops of [model.program.derived.param, model.program.derived.trial])
    compileJavaScript(ops, model.program.buffers).run(blocks, null)
  const names = { count: 0 }
  return model.program.passes.flatMap((pass) => {
    if (pass.rows !== null) return [rowsOf(model, pass, pass.rows, names)]
    const groups = sums ? (sumGroups([...pass.objective, ...pass.statistics]) ?? []) : []
    return groups.flatMap(({ axis, ops }) => {
      if (axis === null) return []
      const rows = { table: axis.id, axis: axis.id, size: axis.size }
      const part: Pass = { ...pass, objective: ops, posterior: [], statistics: [], q: [] }
      return [rowsOf(model, part, rows, names)]
    })
  })
}

function rowsOf(model: ProgramModel, pass: Pass, rows: NonNullable<Pass['rows']>, names: { count: number }): Rows {
  const { blocks } = model.memory
  const { buffers } = model.program
  const numeric = model.program.numeric.flatMap((block) => block.rows.filter((r) => r.pass === pass.id))
  const ops = [pass.posterior, pass.objective, pass.statistics, pass.q, ...numeric.map((r) => r.gradient)]
  return {
    program: {
      prelude: [],
      rows: ops.flat(),
      postlude: [],
      buffers,
      sizes: blocks.sizes,
      constants: [],
      indices: [],
      growth: null,
    },
    context: {
      sizes: blocks.sizes,
      rows,
      fresh: (prefix) => `${prefix} #${++names.count}`,
      isComplete: (id) => blocks.buffers.get(id)?.every(Number.isFinite) ?? false,
    },
    data: new Map(
      buffers.flatMap((b) => {
        const values = blocks.buffers.get(b.id)
        return b.space === 'data' && values !== undefined ? [[b.id, values] as const] : []
      }),
    ),
    memory: blocks,
    size: rows.size,
  }
}

/** The sums that a program leaves, in blocks of `blockRows`; what it has in addition to its memory is allocated. */
export function sumsOf(
  { program, context, data, memory }: Pick<Rows, 'program' | 'context' | 'data' | 'memory'>,
  rows: number,
  compile: CompileKernel,
  blockRows = 7,
): ReadonlyMap<string, Float64Array> {
  for (const ops of [program.prelude, program.rows, program.postlude]) {
    const problems = verifyKernel(ops, program.buffers)
    if (problems.length > 0) throw new Error(problems.join('\n'))
  }
  const length = (b: Buffer): number => b.shape.reduce((n, key) => n * (program.sizes.get(key) ?? Number.NaN), 1)
  const own = new Map(
    program.buffers.map((b) => {
      const bound = b.space === 'data' ? data.get(b.id) : undefined
      const kept = ['param', 'trial', 'derived'].includes(b.space) ? memory.buffers.get(b.id) : undefined
      return [b.id, bound ?? kept ?? (b.type === 'i32' ? new Int32Array(length(b)) : new Float64Array(length(b)))]
    }),
  )
  const at: Memory = { sizes: program.sizes, buffers: own }
  compile(program.prelude, program.buffers).run(at, null)
  const kernel = compile(program.rows, program.buffers)
  for (let from = 0; from < rows; from += blockRows)
    kernel.run(at, { ...context.rows, from, to: Math.min(rows, from + blockRows) })
  compile(program.postlude, program.buffers).run(at, null)
  return new Map(
    program.buffers.flatMap((b) => {
      const sums = own.get(b.id)
      return b.space === 'sum' && sums instanceof Float64Array ? [[b.id, sums] as const] : []
    }),
  )
}

/** The largest difference of sums that both have, relative to the largest element of each. */
export function difference(a: ReadonlyMap<string, Float64Array>, b: ReadonlyMap<string, Float64Array>): number {
  let most = 0
  for (const [id, x] of a) {
    const y = b.get(id)
    if (y === undefined) throw new Error(`${id} is missing`)
    const scale = x.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-300)
    x.forEach((v, i) => {
      const w = y[i] ?? Number.NaN
      if (Object.is(v, w)) return
      const apart = Math.abs(v - w) / scale
      most = apart <= most ? most : apart
    })
  }
  return most
}
