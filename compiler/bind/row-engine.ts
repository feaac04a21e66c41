/** Passes over rows as WebAssembly: data stay where they are, sums are taken chunk by chunk and added up in order. */
import { DataCache } from '../kernel/passes/data-cache.js'
import { carefulPasses, GROWTH_LIMIT, type KernelPass, type RowProgram } from '../kernel/passes/index.js'
import { splitSequences } from '../kernel/passes/split-sequences.js'
import type { Buffer, KernelOp } from '../kernel/types.js'
import { buffersWritten } from '../kernel/visit.js'
import type { Pass, TwoEnds } from '../lower/program.js'
import type { CompiledKernel, CompileKernel, Memory } from '../targets/memory.js'
import { wasmSupports } from '../targets/wasm/compile-wasm.js'
import { rowCost } from '../targets/wasm/row-cost.js'
import { ChainArrays, endsOf, RowsInTwo } from './ends-of-chain.js'
import { arrayOf, compileRows, type Numbers, type RowKernel, type RowPlace } from './row-kernel.js'
import { freshIn, type RowFactsOfData, type SpecialisedRows, specialiseRows } from './specialise-rows.js'

type Rows = NonNullable<Pass['rows']>

/** What is done beside sequences is so small a part of the work, being done otherwise, by the calling thread. */
const LITTLE = 8

/** Rows of a table; or whole arrays, of which only the sums are read afterwards, or everything. */
type Over = Rows | 'sums' | 'arrays'

/** A pass as it was written, or rewritten: with what the driver does before and after the rows. */
interface PassKernel {
  readonly memory: Memory
  readonly rows: RowKernel | RowsInTwo
  readonly prelude: CompiledKernel | null
  readonly postlude: CompiledKernel | null
  /** Sums that the rewriting has added: empty before the rows. */
  readonly added: readonly Numbers[]
  readonly growth: string | null
  /** Sums that count only where all of them are finite; if not, rows are done as they were written. */
  readonly finite: readonly Numbers[]
}

/** A pass under way. */
export interface OpenPass {
  /** Goes over so many rows, the first of which is at 0 in the buffers; where all lie in memory, over all. */
  over(count: number): void
  end(): void
}

/** What is left to do of a pass when the workers have done theirs. */
export interface EndOfPass {
  /** It reads tables of the params. */
  readonly readsTables: boolean
  run(): void
}

/** With the buffers of its memory. */
type Rewritten = PassKernel & { readonly buffers: Map<string, Numbers> }

interface Compiled {
  /** What the kernels were made for: they are made anew where arrays or sizes have changed. */
  readonly stamp: readonly unknown[]
  readonly direct: () => PassKernel | null
  readonly rewritten: Rewritten | null
  /** Rewritten so that no term is larger than it was written; made when it is first needed. */
  readonly careful: () => Rewritten | null
}

export class RowEngine {
  readonly #compiled = new Map<readonly KernelOp[], Compiled>()
  /** A start's responsibilities: another array each time they are lent. */
  readonly #given: readonly string[]
  readonly #cache = new DataCache()
  /** Where arrays that rewriting has made of data lie in the arena. */
  readonly #copies = new WeakMap<Numbers, Numbers>()
  readonly #alongChains: ChainArrays

  constructor(
    private readonly buffers: readonly Buffer[],
    private readonly place: RowPlace,
    /** Short passes are no business of others. */
    readonly everyPass: boolean,
    /** For what the driver does around the rows. */
    private readonly compile: CompileKernel,
    /** `streams`: data buffers hold some rows; `again`: of passes that are not said to be run once. */
    private readonly facts: Omit<RowFactsOfData, 'cache'>,
    /** How operations over whole arrays are done from both ends of a chain. */
    private readonly ends: ReadonlyMap<readonly KernelOp[], TwoEnds> = new Map(),
  ) {
    this.#alongChains = new ChainArrays(place.arena)
    this.#given = buffers.flatMap((buffer) => (buffer.space === 'given' ? [buffer.id] : []))
  }

  /** Runs operations over whole arrays; false where this target declines them. `onlySums`: nothing else that they leave is read. */
  run(ops: readonly KernelOp[], memory: Memory, onlySums: boolean): boolean {
    if (ops.length === 0) return true
    // what is left to be read must lie where kernels write
    if (!onlySums && ops.some((op) => [...buffersWritten(op)].some((id) => !this.#isInArena(memory, id)))) return false
    const own = this.#prepared(onlySums ? 'sums' : 'arrays', ops, memory)
    if (own === null) return false
    own.rows.begin(own.memory)
    const late = own.rows.run(own.memory)
    own.postlude?.run(own.memory, null)
    if (late !== null && own.rows instanceof RowsInTwo) {
      this.#alongChains.leave(own.rows.kept, late)
      this.#compiled.clear()
    }
    return true
  }

  #isInArena(memory: Memory, id: string): boolean {
    return this.place.arena.addressOf(arrayOf(memory, id)) !== null
  }

  /** Begins a pass of operations over rows; null where this target declines them. `once`: it is run only once. */
  open(rows: Rows, ops: readonly KernelOp[], memory: Memory, once = false): OpenPass | null {
    const own = this.#prepared(rows, ops, memory, once)
    if (own === null) return null
    const before = own.finite.map((sums) => sums.slice())
    own.rows.begin(own.memory)
    return {
      // rows in memory may have been merged
      over: (count) => own.rows.run(own.memory, this.facts.streams == null ? undefined : count),
      end: () => {
        own.postlude?.run(own.memory, null)
        this.#mend(own, before, rows, ops, memory)
      },
    }
  }

  /** Sums that are not finite, from the rows as they were written. */
  #mend(own: PassKernel, before: readonly Numbers[], over: Over, ops: readonly KernelOp[], memory: Memory): void {
    if (own.finite.every((sums) => sums.every(Number.isFinite))) return
    const direct = this.#kernels(over, ops, memory).direct()
    if (direct === null) return
    own.finite.forEach((sums, i) => {
      sums.set(before[i] ?? [])
    })
    direct.rows.begin(memory)
    direct.rows.run(memory)
  }

  /**
   * The same by workers, from what is in memory now; null where that is not to be had. What it gives ends the pass: with
   * the params, their tables and the sums in memory as they were.
   */
  later(rows: Rows | null, ops: readonly KernelOp[], memory: Memory): Promise<EndOfPass> | null {
    const own = this.#prepared(rows ?? 'sums', ops, memory)
    if (own === null || own.rows instanceof RowsInTwo || !own.rows.isForWorkers) return null
    return own.rows.later(own.memory).then((put) => ({
      readsTables: own.postlude !== null || own.finite.length > 0,
      run: () => {
        const before = own.finite.map((sums) => sums.slice())
        if (own.postlude !== null) own.prelude?.run(own.memory, null)
        for (const sums of own.added) sums.fill(0)
        put()
        own.postlude?.run(own.memory, null)
        this.#mend(own, before, rows ?? 'sums', ops, memory)
      },
    }))
  }

  /** The kernel for the params in memory, with what comes before the rows done; null where this target declines. */
  #prepared(over: Over, ops: readonly KernelOp[], memory: Memory, once = false): PassKernel | null {
    const compiled = this.#kernels(over, ops, memory, once)
    return this.#sound(compiled.rewritten, memory) ?? this.#sound(compiled.careful(), memory) ?? compiled.direct()
  }

  /** With what comes before the rows done; null where terms are too large beside their sums. */
  #sound(rewritten: Rewritten | null, memory: Memory): PassKernel | null {
    if (rewritten === null) return null
    for (const id of this.#given) {
      const lent = memory.buffers.get(id)
      if (lent !== undefined) rewritten.buffers.set(id, lent)
    }
    rewritten.prelude?.run(rewritten.memory, null)
    const growth = rewritten.growth === null ? 0 : (rewritten.memory.buffers.get(rewritten.growth)?.[0] ?? Number.NaN)
    if (!(growth <= GROWTH_LIMIT)) return null
    for (const sums of rewritten.added) sums.fill(0)
    return rewritten
  }

  #kernels(over: Over, ops: readonly KernelOp[], memory: Memory, once = false): Compiled {
    const known = this.#compiled.get(ops)
    const kind = typeof over === 'string' ? over : 'rows'
    const stamp = [kind, ...memory.sizes.values(), ...this.#resident(memory)]
    if (known !== undefined && sameItems(known.stamp, stamp)) return known
    const made = this.#compileAll(over, ops, memory, stamp, this.facts.again === true && !once)
    this.#compiled.set(ops, made)
    return made
  }

  /** Arrays that kernels read in place, or of which they know how long they are. */
  #resident(memory: Memory): Numbers[] {
    return this.buffers.flatMap((b) => {
      const array = b.space === 'given' ? undefined : memory.buffers.get(b.id)
      return array === undefined ? [] : [array]
    })
  }

  #compileAll(
    over: Over,
    ops: readonly KernelOp[],
    memory: Memory,
    stamp: readonly unknown[],
    again: boolean,
  ): Compiled {
    if (wasmSupports(ops) !== null) return { stamp, direct: () => null, rewritten: null, careful: () => null }
    let direct: PassKernel | null | undefined
    const asWritten = (): PassKernel | null => {
      if (direct === undefined) {
        const kernel = compileRows(ops, this.buffers, memory, typeof over === 'string' ? null : over, this.place)
        direct =
          kernel === null
            ? null
            : { memory, rows: kernel, prelude: null, postlude: null, added: [], growth: null, finite: [] }
      }
      return direct
    }
    const rows = typeof over === 'string' ? null : over
    const rewritten =
      rows !== null
        ? this.#rewrite(rows, ops, memory, again, null)
        : over === 'sums'
          ? (this.#split(ops, memory) ?? this.#fromBothEnds(ops, memory))
          : null
    let careful: Rewritten | null | undefined
    return {
      stamp,
      direct: asWritten,
      rewritten,
      careful: () => {
        if (rows !== null && rewritten !== null && rewritten.growth !== null)
          careful ??= this.#rewrite(rows, ops, memory, again, carefulPasses)
        return careful ?? null
      },
    }
  }

  #rewrite(
    rows: Rows,
    ops: readonly KernelOp[],
    memory: Memory,
    again: boolean,
    passes: readonly KernelPass[] | null,
  ): Rewritten | null {
    const own = specialiseRows(ops, this.buffers, rows, memory, { ...this.facts, cache: this.#cache, again }, passes)
    return this.#assembled(own.program, own, ops, memory)
  }

  /** Operations along sequences, where what is done beside them is little. */
  #split(ops: readonly KernelOp[], memory: Memory): Rewritten | null {
    const names = new Set([...this.buffers.map((b) => b.id), ...memory.sizes.keys()])
    const isData = new Set(this.buffers.flatMap((b) => (b.space === 'data' && b.type === 'i32' ? [b.id] : [])))
    const split = splitSequences(ops, this.buffers, {
      sizes: memory.sizes,
      fresh: freshIn(names),
      beginnings: (id) => (isData.has(id) ? arrayOf(memory, id) : null),
    })
    if (split === null) return null
    const { rows, sequences, prelude, postlude, buffers, sizes, added } = split
    const work = (list: readonly KernelOp[]): number => rowCost(list, buffers, sizes, rows.axis).work
    if (work([...prelude, ...postlude]) > (work([sequences]) * (sizes.get(rows.size) ?? 0)) / LITTLE) return null
    const program = { prelude, rows: [sequences], postlude, buffers, sizes, growth: null }
    return this.#assembled(program, { rows, data: new Map(), added, onlyFinite: false }, ops, memory)
  }

  #fromBothEnds(ops: readonly KernelOp[], memory: Memory): Rewritten | null {
    const ends = this.facts.streams == null ? this.ends.get(ops) : undefined
    return ends === undefined ? null : endsOf(ends, this.buffers, memory, this.#alongChains, this.place, this.compile)
  }

  #assembled(
    program: Pick<RowProgram, 'prelude' | 'rows' | 'postlude' | 'buffers' | 'sizes' | 'growth'>,
    { rows, data, added, onlyFinite }: Pick<SpecialisedRows, 'rows' | 'data' | 'added' | 'onlyFinite'>,
    ops: readonly KernelOp[],
    memory: Memory,
  ): Rewritten | null {
    const extent = (b: Buffer): number => b.shape.reduce((n, key) => n * (program.sizes.get(key) ?? 0), 1)
    const buffers = new Map(memory.buffers)
    for (const [id, array] of data) buffers.set(id, this.#copy(array))
    for (const b of added)
      buffers.set(b.id, b.type === 'i32' ? this.place.arena.integers(extent(b)) : this.place.arena.floats(extent(b)))
    const wide: Memory = { ...memory, sizes: program.sizes, buffers }
    const kernel = compileRows(program.rows, program.buffers, wide, rows, this.place)
    if (kernel === null) return null
    const written = new Set(ops.flatMap((op) => [...buffersWritten(op)]))
    const sums = this.buffers.filter((b) => b.space === 'sum' && written.has(b.id))
    const driver = (list: readonly KernelOp[]): CompiledKernel | null =>
      list.length === 0 ? null : this.compile(list, program.buffers)
    return {
      memory: wide,
      buffers,
      rows: kernel,
      prelude: driver(program.prelude),
      postlude: driver(program.postlude),
      added: added.flatMap((b) => (b.space === 'sum' ? [arrayOf(wide, b.id)] : [])),
      growth: program.growth,
      finite: onlyFinite ? sums.map((b) => arrayOf(wide, b.id)) : [],
    }
  }

  #copy(array: Numbers): Numbers {
    const copy = this.#copies.get(array) ?? this.place.arena.copy(array)
    this.#copies.set(array, copy)
    return copy
  }
}

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])
