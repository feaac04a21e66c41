/** Passes over rows of bound models, run as they are written and as passes of the kernel rewrite them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ProgramModel } from '../../../../compiler/bind/bound-model.js'
import { buffersWritten, k, verifyKernel } from '../../../../compiler/kernel/index.js'
import {
  type OptimisedRows,
  optimiseRows,
  type PassContext,
  rowPasses,
} from '../../../../compiler/kernel/passes/index.js'
import type { Buffer, KernelOp, SizeKey } from '../../../../compiler/kernel/types.js'
import type { Pass } from '../../../../compiler/lower/program.js'
import type { CompileKernel, Memory } from '../../../../compiler/targets/memory.js'
import { compileOrThrow, type FitCallOptions, readTable } from '../../../../index.js'
import { parseFitArguments } from '../../../conformance/fit-arguments.js'
import { seededRandom } from '../../../laws/support/random.js'
import { fillConstants } from './fill-constants.js'

const examples = new URL('../../../../examples/', import.meta.url)

const MOST_LINES = 250

export interface BoundExample {
  readonly name: string
  readonly bind: (backend?: FitCallOptions['backend']) => ProgramModel
}

/** Every model of the examples with the first data that it is tried on. */
export function boundExamples(): readonly BoundExample[] {
  const found: BoundExample[] = []
  for (const folder of readdirSync(examples)) {
    const read = (file: string): string => readFileSync(new URL(`${folder}/${file}`, examples), 'utf8')
    if (!existsSync(new URL(`${folder}/expected.json`, examples))) continue
    const seen = new Set<string>()
    for (const { model, data, args } of JSON.parse(read('expected.json'))) {
      if (seen.has(model) || args.includes('hard')) continue
      seen.add(model)
      const files = data.map((name: string) => ({ name, text: head(read(name)) }))
      found.push({ name: `${folder}/${model}`, bind: (backend) => bindText(read(model), files, args, read, backend) })
    }
  }
  return found
}

/** The first lines of a file: a few hundred rows say as much of sums over rows as many thousands. */
const head = (text: string): string => text.split('\n').slice(0, MOST_LINES).join('\n')

export function bindText(
  source: string,
  files: readonly { readonly name: string; readonly text: string }[],
  args: readonly string[] = [],
  read: (file: string) => string = () => '',
  backend?: FitCallOptions['backend'],
): ProgramModel {
  const { columns, set, groupBy } = parseFitArguments(args, read)
  const tables = files.map(({ name, text }) => {
    const { value, problems } = readTable(name, text)
    if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
    return value
  })
  return compileOrThrow(source).bind(tables, {
    columns,
    set,
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(backend === undefined ? {} : { backend }),
  }).model
}

/** The operations of an E-step over the rows of a pass. */
export const rowOps = (pass: Pass): readonly KernelOp[] => [...pass.posterior, ...pass.objective, ...pass.statistics]

export function contextOf(model: ProgramModel, rows: PassContext['rows']): PassContext {
  const { sizes, buffers } = model.memory.blocks
  const used = new Set<string>([...sizes.keys(), ...buffers.keys()])
  return {
    sizes,
    rows,
    fresh(prefix) {
      let n = 1
      while (used.has(`${prefix} ${n}`)) n++
      used.add(`${prefix} ${n}`)
      return `${prefix} ${n}`
    },
    isComplete: (id) => buffers.get(id)?.every(Number.isFinite) ?? false,
  }
}

/** Params at an interior point, what is derived from them, and sums that are taken once. */
export function setParams(model: ProgramModel, compile: CompileKernel, seed: number): void {
  const { program, memory } = model
  const params = model.separated(seededRandom(seed))
  for (const p of model.params)
    memory.blocks.buffers.get(`param:${p.name}`)?.set(params.subarray(p.offset, p.offset + p.length))
  for (const ops of [program.once, program.derived.param])
    if (ops.length > 0) compile(ops, program.buffers).run(memory.blocks, null)
}

/** Rows of a block, and how many rows are visited at all. */
export interface Blocks {
  readonly length: number
  readonly most: number
}

/** As if there were no more rows than are visited. */
function cutShort(sizes: ReadonlyMap<SizeKey, number>, rows: PassContext['rows'], { most }: Blocks) {
  return new Map(sizes).set(rows.size, Math.min(most, sizes.get(rows.size) ?? 0))
}

function inBlocks(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  memory: Memory,
  rows: PassContext['rows'],
  compile: CompileKernel,
  { length, most }: Blocks,
): void {
  const kernel = compile(ops, buffers)
  const end = Math.min(most, memory.sizes.get(rows.size) ?? 0)
  for (let from = 0; from < end; from += length)
    kernel.run(memory, { table: rows.table, axis: rows.axis, from, to: Math.min(end, from + length) })
}

/** Space for buffers: as long as a block where they are of its rows. */
function space(buffer: Buffer, sizes: ReadonlyMap<SizeKey, number>, table: string, block: number) {
  const extents = buffer.shape.map((key) => sizes.get(key) ?? Number.NaN)
  if (buffer.space === 'scratch' && buffer.rows === table) extents[0] = Math.min(extents[0] ?? 0, block)
  const length = extents.reduce((product, n) => product * n, 1)
  return buffer.type === 'i32' ? new Int32Array(length) : new Float64Array(length)
}

/** What operations add up, by buffer. */
export type Sums = ReadonlyMap<string, Float64Array>

function sumsOf(ops: readonly KernelOp[], buffers: readonly Buffer[], memory: Memory): Sums {
  const written = new Set(ops.flatMap((op) => [...buffersWritten(op)]))
  const sums = buffers.filter((b) => b.space === 'sum' && written.has(b.id))
  return new Map(sums.map((b) => [b.id, Float64Array.from(memory.buffers.get(b.id) ?? [])]))
}

function emptied(buffers: readonly Buffer[], memory: Memory): void {
  for (const b of buffers) if (b.space === 'sum') memory.buffers.get(b.id)?.fill(0)
}

export function runAsWritten(
  model: ProgramModel,
  ops: readonly KernelOp[],
  rows: PassContext['rows'],
  compile: CompileKernel,
  blocks: Blocks,
): Sums {
  const { buffers } = model.program
  const memory = { ...model.memory.blocks, sizes: cutShort(model.memory.blocks.sizes, rows, blocks) }
  emptied(buffers, memory)
  inBlocks(ops, buffers, memory, rows, compile, blocks)
  return sumsOf(ops, buffers, memory)
}

export interface Rewritten {
  readonly sums: Sums
  /** NaN: nothing cancels. */
  readonly growth: number
  readonly optimised: OptimisedRows
}

export function runRewritten(
  model: ProgramModel,
  ops: readonly KernelOp[],
  rows: PassContext['rows'],
  compile: CompileKernel,
  blocks: Blocks,
  passes = rowPasses,
): Rewritten {
  const optimised = optimiseRows(ops, model.program.buffers, contextOf(model, rows), passes)
  const { program } = optimised
  // a sum within a sum over the same axis is how some models are written
  const complaints = (all: readonly KernelOp[], declared: readonly Buffer[]): readonly string[] =>
    verifyKernel(all, declared).filter((line) => !line.includes('is bound twice'))
  const wrong = complaints([...program.prelude, ...program.rows, ...program.postlude], program.buffers)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  const buffers = new Map(model.memory.blocks.buffers)
  for (const b of program.buffers)
    if (!buffers.has(b.id) && b.space !== 'given') buffers.set(b.id, space(b, program.sizes, rows.table, blocks.length))
  const memory: Memory = { ...model.memory.blocks, sizes: cutShort(program.sizes, rows, blocks), buffers }
  fillConstants(program, (id) => buffers.get(id))
  emptied(program.buffers, memory)
  if (program.prelude.length > 0) compile(program.prelude, program.buffers).run(memory, null)
  inBlocks(program.rows, program.buffers, memory, rows, compile, blocks)
  if (program.postlude.length > 0) compile(program.postlude, program.buffers).run(memory, null)
  const growth = program.growth === null ? Number.NaN : (buffers.get(program.growth)?.[0] ?? Number.NaN)
  return { sums: sumsOf(ops, model.program.buffers, memory), growth, optimised }
}

/** The same operations with the absolute value of each term that is added to a sum. */
export function absolute(ops: readonly KernelOp[], buffers: readonly Buffer[]): readonly KernelOp[] {
  const sums = new Set(buffers.filter((b) => b.space === 'sum').map((b) => b.id))
  return ops.map((op): KernelOp => {
    if (op.op === 'contract' && sums.has(op.out))
      return { ...op, factors: op.factors.map((factor) => k.call('abs', factor)) }
    return op.op === 'scatterAdd' && sums.has(op.out) ? { ...op, value: k.call('abs', op.value) } : op
  })
}

/** Largest difference of two lists of sums, each relative to the sum of the absolute terms; 0 where both are alike. */
export function difference(before: Sums, after: Sums, scale: Sums): { readonly worst: number; readonly where: string } {
  let worst = 0
  let where = ''
  for (const [id, values] of before) {
    const [other, terms] = [after.get(id), scale.get(id)]
    values.forEach((value, i) => {
      const got = other?.[i] ?? Number.NaN
      if (Object.is(value, got) || value === got) return
      const apart = Math.abs(value - got) / Math.abs(terms?.[i] ?? 0)
      if (Number.isNaN(apart) || apart > worst) {
        worst = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart
        where = `${id}[${i}]: ${value} became ${got}`
      }
    })
  }
  return { worst, where }
}
