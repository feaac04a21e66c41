import type { ParamLayout } from '../../runtime/contract.js'
import type { Axis, KernelOp, SizeKey } from '../kernel/types.js'
import type { Pass, Program } from '../lower/program.js'
import type { CompiledKernel, CompileKernel, Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import { CHUNK_ROWS } from './array-parts.js'
import { BLOCK_ROWS, type ProgramMemory } from './memory.js'
import type { EndOfPass, RowEngine } from './row-engine.js'
import { type SumGroup, sumGroups } from './row-sums.js'

type RowAxis = NonNullable<Pass['rows']>

/** Runs the kernels of a program over its memory; each is compiled once. */
export class KernelRunner {
  private readonly kernels = new Map<readonly KernelOp[], CompiledKernel>()
  private readonly groups = new Map<readonly KernelOp[], readonly SumGroup[] | null>()
  private readonly joined = new Map<string, readonly KernelOp[]>()

  constructor(
    readonly program: Program,
    readonly memory: ProgramMemory,
    private readonly params: readonly ParamLayout[],
    /** What stands for 0 in a param whose limit at 0 is meant. */
    private readonly zeroLimits: ReadonlyMap<string, number>,
    private readonly compile: CompileKernel,
    /** What runs long passes; null: blocks of rows by the compiled kernels. */
    private readonly engine: RowEngine | null = null,
  ) {}

  run(
    ops: readonly KernelOp[],
    memory: Memory = this.memory.blocks,
    block: Parameters<CompiledKernel['run']>[1] = null,
  ): void {
    if (ops.length === 0) return
    let kernel = this.kernels.get(ops)
    if (kernel === undefined) {
      kernel = this.compile(ops, this.program.buffers)
      this.kernels.set(ops, kernel)
    }
    kernel.run(memory, block)
  }

  /** One list of operations for parts of a pass, so that targets can fuse across them. */
  part(pass: Pass, key: string, lists: readonly (readonly KernelOp[])[]): readonly KernelOp[] {
    const id = `${pass.id} ${key}`
    let ops = this.joined.get(id)
    if (ops === undefined) {
      ops = lists.flat()
      this.joined.set(id, ops)
    }
    return ops
  }

  /** All rows at once, with scratch for every row. */
  runWhole(ops: readonly KernelOp[]): void {
    const whole = this.memory.whole()
    if (ops.length > 0 && this.engine?.run(ops, whole, false) !== true) this.run(ops, whole)
  }

  /** Over the rows of a pass, block by block. */
  runPass(pass: Pass, ops: readonly KernelOp[]): void {
    if (pass.rows === null) {
      this.runSums(ops)
      return
    }
    this.overRows(pass.rows, ops, BLOCK_ROWS, { isShort: this.isShort(pass.rows.size) })
  }

  /** The same where nothing that it leaves is read afterwards but sums; a pass with rows may leave something to the next ones. */
  sumPass(pass: Pass, ops: readonly KernelOp[]): void {
    if (pass.rows === null) this.runSums(ops, { onlySums: true })
    else this.runPass(pass, ops)
  }

  /** All rows of an axis, window after window where they do not lie in memory, by the engine unless they are few. */
  private overRows(
    rows: RowAxis,
    ops: readonly KernelOp[],
    step: number,
    { isShort = false, once = false }: { readonly isShort?: boolean; readonly once?: boolean } = {},
  ): void {
    const { blocks } = this.memory
    const { table, axis, size } = rows
    const windows = this.memory.windows?.key === size ? this.memory.windows : null
    const pass = isShort ? null : (this.engine?.open(rows, ops, blocks, once) ?? null)
    const blocksOf = (count: number): void => {
      for (let from = 0; from < count; from += step)
        this.run(ops, blocks, { table, axis, from, to: Math.min(count, from + step) })
    }
    const over = (count: number): void => {
      if (pass !== null) pass.over(count)
      else if (windows === null) blocksOf(count)
      else windows.sized(count, () => blocksOf(count))
    }
    if (windows === null) over(blocks.sizes.get(size) ?? 0)
    else windows.each(over)
    pass?.end()
  }

  /**
   * Operations over whole arrays. Sums over many rows are taken some thousands of them at a time, so that they are the
   * same where rows do not lie in memory. `once`: the params do not enter them, and they are not run again; `onlySums`:
   * nothing else that they leave is read.
   */
  runSums(
    ops: readonly KernelOp[],
    { once = false, onlySums = false }: { readonly once?: boolean; readonly onlySums?: boolean } = {},
  ): void {
    const { windows, blocks } = this.memory
    const groups = this.groupsOf(ops)
    const isByRow = ({ axis }: SumGroup): boolean => axis !== null && axis.ragged === undefined && this.isLong(axis)
    if (groups === null || !groups.some(isByRow)) {
      const whole = (): void => {
        if (this.engine?.run(ops, blocks, onlySums) !== true) this.run(ops)
      }
      // few rows are all in one window
      if (windows !== null && !this.isLong({ size: windows.key }))
        windows.each((count) => (windows.isPartial ? windows.sized(count, whole) : whole()))
      else whole()
      return
    }
    for (const { axis, ops: own } of groups)
      if (axis !== null && isByRow({ axis, ops: own }))
        this.overRows({ table: axis.id, axis: axis.id, size: axis.size }, own, CHUNK_ROWS, { once })
      else this.run(own)
  }

  private isLong(axis: Pick<Axis, 'size'>): boolean {
    return (this.memory.blocks.sizes.get(axis.size) ?? 0) > CHUNK_ROWS
  }

  private groupsOf(ops: readonly KernelOp[]): readonly SumGroup[] | null {
    const known = this.groups.get(ops)
    if (known !== undefined) return known
    const groups = sumGroups(ops)
    this.groups.set(ops, groups)
    return groups
  }

  /** As `sumPass`, by workers; null where it is none for them. */
  passLater(pass: Pass, ops: readonly KernelOp[]): Promise<EndOfPass> | null {
    const { windows, blocks } = this.memory
    const isOne = pass.rows === null ? this.groupsOf(ops) !== null : this.isShort(pass.rows.size)
    if (windows !== null || isOne) return null
    return this.engine?.later(pass.rows, ops, blocks) ?? null
  }

  /** true where scratch holds every row of a pass at once. */
  inOneBlock(pass: Pass): boolean {
    return pass.rows === null || this.isShort(pass.rows.size)
  }

  /** One block of rows. */
  private isShort(size: SizeKey): boolean {
    if (this.engine?.everyPass === true) return false
    return (this.memory.windows?.rows ?? this.memory.blocks.sizes.get(size) ?? 0) <= BLOCK_ROWS
  }

  /** Params into their buffers: those of the E-step, or the trial ones. */
  load(params: Float64Array, space: 'param' | 'trial'): void {
    for (const p of this.params) {
      const buffer = this.memory.blocks.buffers.get(`${space}:${p.name}`)
      if (buffer === undefined) continue
      buffer.set(params.subarray(p.offset, p.offset + p.length))
      const limit = this.zeroLimits.get(p.name)
      if (limit !== undefined) for (let i = 0; i < p.length; i++) if (buffer[i] === 0) buffer[i] = limit
    }
  }

  /** The trial params. */
  unload(): Float64Array {
    const out = new Float64Array(this.params.reduce((n, p) => n + p.length, 0))
    for (const p of this.params) {
      const b = this.memory.blocks.buffers.get(`trial:${p.name}`)
      if (b !== undefined) out.set(b.subarray(0, p.length), p.offset)
    }
    return out
  }

  zero(ids: readonly string[]): void {
    for (const id of ids) f64(this.memory.blocks, id).fill(0)
  }
}
