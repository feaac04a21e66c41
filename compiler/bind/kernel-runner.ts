import type { ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import type { Pass, Program } from '../lower/program.js'
import type { CompiledKernel, CompileKernel, Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import { BLOCK_ROWS, type ProgramMemory } from './memory.js'
import type { EndOfPass, RowEngine } from './row-engine.js'

/** Runs the kernels of a program over its memory; each is compiled once. */
export class KernelRunner {
  private readonly kernels = new Map<readonly KernelOp[], CompiledKernel>()
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

  /** Over the rows of a pass, block by block; `whole`: all at once, with scratch for every row. */
  runPass(pass: Pass, ops: readonly KernelOp[], whole = false): void {
    if (!whole && !this.isShort(pass) && this.engine?.run(pass.rows, ops, this.memory.blocks) === true) return
    if (pass.rows === null || whole) {
      this.run(ops, whole ? this.memory.whole() : this.memory.blocks)
      return
    }
    const rows = this.memory.blocks.sizes.get(pass.rows.size) ?? 0
    for (let from = 0; from < rows; from += BLOCK_ROWS)
      this.run(ops, this.memory.blocks, {
        table: pass.rows.table,
        axis: pass.rows.axis,
        from,
        to: Math.min(rows, from + BLOCK_ROWS),
      })
  }

  /** The rows of a pass by workers; null where they are none for them. */
  passLater(pass: Pass, ops: readonly KernelOp[]): Promise<EndOfPass> | null {
    return this.isShort(pass) ? null : (this.engine?.later(pass.rows, ops, this.memory.blocks) ?? null)
  }

  /** true where workers could have done these operations, as they were last run. */
  isForWorkers(ops: readonly KernelOp[]): boolean {
    return this.engine?.isForWorkers(ops) === true
  }

  /** true where scratch holds every row of a pass at once. */
  inOneBlock(pass: Pass): boolean {
    return pass.rows === null || this.isShort(pass)
  }

  /** One block of rows. */
  private isShort(pass: Pass): boolean {
    if (this.engine?.everyPass === true) return false
    return pass.rows !== null && (this.memory.blocks.sizes.get(pass.rows.size) ?? 0) <= BLOCK_ROWS
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
