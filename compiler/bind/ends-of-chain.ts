/** A chain from both of its ends at once: what the ends do is rows of a table, of which there are two. */
import type { Buffer, KernelOp } from '../kernel/types.js'
import { buffersReadByOp, buffersWritten } from '../kernel/visit.js'
import { MOST_PLACES } from '../lower/chain-sums.js'
import type { Program, TwoEnds } from '../lower/program.js'
import type { CompiledKernel, CompileKernel, Memory } from '../targets/memory.js'
import type { Arena } from '../targets/wasm/arena.js'
import { rowCost } from '../targets/wasm/row-cost.js'
import { arrayOf, compileRows, type Numbers, type RowKernel, type RowPlace } from './row-kernel.js'

/** Elements of a table that is copied for each run, at most. */
const MOST_COPIED = 1 << 16
/** What is done beside the ends is so small a part of the work, being done otherwise, by the calling thread. */
const LITTLE = 8

/** Two kernels over the same rows, the second one when all rows are through the first. */
export class RowsInTwo {
  constructor(
    private readonly first: RowKernel,
    private readonly between: CompiledKernel,
    private readonly second: RowKernel,
    /** Arrays that the first one writes. */
    readonly kept: ReadonlyMap<string, Numbers>,
  ) {}

  begin(memory: Memory): void {
    this.first.begin(memory)
  }

  /** As that of one kernel: whoever is late may still write to what is kept. */
  run(memory: Memory): Promise<unknown> | null {
    const late = this.first.run(memory)
    this.between.run(memory, null)
    this.second.begin(memory)
    this.second.run(memory)
    return late
  }
}

/** The arrays along chains: those of the memory, or others where a worker may still write to these. */
export class ChainArrays {
  readonly #instead = new Map<string, Numbers>()
  /** Nobody writes to them any more. */
  readonly #spare: Numbers[] = []

  constructor(private readonly arena: Arena) {}

  of(id: string, memory: Memory): Numbers {
    return this.#instead.get(id) ?? arrayOf(memory, id)
  }

  /** Leaves arrays to a worker that is late, until it is through. */
  leave(kept: ReadonlyMap<string, Numbers>, late: Promise<unknown>): void {
    for (const [id, { length }] of kept) {
      const at = this.#spare.findIndex((array) => array.length === length)
      const [spare] = at < 0 ? [] : this.#spare.splice(at, 1)
      this.#instead.set(id, spare ?? this.arena.floats(length))
    }
    // those of a worker that was lost are lost too
    late.then(() => this.#spare.push(...kept.values())).catch(() => {})
  }
}

/** What is done from both ends, by the operations that it stands for. */
export function endsByOps({ linear }: Program): ReadonlyMap<readonly KernelOp[], TwoEnds> {
  const roads = [...(linear?.passes.values() ?? [])]
  return new Map(
    roads.flatMap(({ evaluation, objective, ends }) =>
      ends === null
        ? []
        : ([
            [evaluation, ends.evaluation],
            [objective, ends.objective],
          ] as const),
    ),
  )
}

/** null where the chain is too short to be shared, or its arrays do not lie in the arena. */
export function endsOf(
  ends: TwoEnds,
  declared: readonly Buffer[],
  memory: Memory,
  arrays: ChainArrays,
  place: RowPlace,
  compile: CompileKernel,
) {
  const { sizes: keys, axis } = ends
  const places = memory.sizes.get(ends.places) ?? 0
  const half = Math.floor(places / 2)
  if (half < MOST_PLACES) return null
  const counts = [1, 0, half - 1, 0, places - half, 0, places - half - 1, 0]
  const sizes = new Map([
    ...memory.sizes,
    [keys.ends, 2],
    [keys.left, half],
    [keys.right, places - half],
    [keys.far, half - MOST_PLACES],
    [keys.counts, counts.length],
  ])
  const buffers = spaces(ends, declared)
  const extent = (b: Buffer): number => b.shape.reduce((n, key) => n * (sizes.get(key) ?? 0), 1)
  if (buffers.some((b) => b.space === 'derived' && isRead(ends, b.id) && extent(b) > MOST_COPIED)) return null
  const work = (list: readonly KernelOp[]): number => rowCost(list, buffers, sizes, axis.id).work
  const beside = work([...ends.before, ...ends.between, ...ends.after])
  if (beside > work([ends.first, ends.second]) / LITTLE) return null
  const kept = new Map(ends.kept.map((id) => [id, arrays.of(id, memory)]))
  if ([...kept.values()].some((array) => place.arena.addressOf(array) === null)) return null
  const sums = new Map(
    buffers.flatMap((b) => (ends.sums.includes(b.id) ? [[b.id, place.arena.floats(extent(b))] as const] : [])),
  )
  const own = new Map([
    ...memory.buffers,
    ...kept,
    ...sums,
    [keys.counts, place.arena.copy(Int32Array.from(counts))] as const,
  ])
  const wide: Memory = { ...memory, sizes, buffers: own }
  const rows = { table: axis.id, axis: axis.id, size: axis.size }
  const [first, second] = [ends.first, ends.second].map((op) =>
    compileRows([op], buffers, wide, rows, place, new Set(ends.kept)),
  )
  if (first == null || second == null || !first.isCut) return null
  const driver = (list: readonly KernelOp[]): CompiledKernel => compile(list, buffers)
  return {
    memory: wide,
    buffers: own,
    rows: new RowsInTwo(first, driver(ends.between), second, kept),
    prelude: driver(ends.before),
    postlude: driver(ends.after),
    added: [...sums.values()],
    growth: null,
    finite: [],
  }
}

const isRead = ({ first, second }: TwoEnds, id: string): boolean =>
  buffersReadByOp(first).has(id) || buffersReadByOp(second).has(id)

/** The buffers in the part that they play for the ends: what these add to is a sum, what they only read a table. */
function spaces(ends: TwoEnds, declared: readonly Buffer[]): readonly Buffer[] {
  const written = new Set([ends.first, ends.second].flatMap((op) => [...buffersWritten(op)]))
  const sums = new Set(ends.sums)
  return [
    ...declared.map((b): Buffer => {
      if (sums.has(b.id)) return { ...b, space: 'sum' }
      return b.space === 'scratch' && isRead(ends, b.id) && !written.has(b.id) ? { ...b, space: 'derived' } : b
    }),
    { id: ends.sizes.counts, space: 'data', type: 'i32', shape: [ends.sizes.counts] },
  ]
}
