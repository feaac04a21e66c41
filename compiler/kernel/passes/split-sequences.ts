/**
 * Operations over whole arrays that go along sequences (chains) as operations over the sequences, one after another: so
 * many of them at a time can be taken as rows of a table can. What is kept of a sequence alone is as long as the longest
 * one. Page: docs/kernel-passes/split-sequences.md.
 */
import { k } from '../index.js'
import { simplify } from '../simplify.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import { axesOf, buffersReadByOp, buffersWritten, expressionsOf, mapAxis, mapChildren, walk } from '../visit.js'
import { readOnceInScans } from './read-once-in-scans.js'
import { rewriteOp } from './rewrite-op.js'
import type { PassContext } from './types.js'

export interface SequenceContext {
  readonly sizes: ReadonlyMap<SizeKey, number>
  fresh(prefix: string): string
  /** Where sequences begin in arrays that hold them one after another; null where an i32 buffer does not say that. */
  beginnings(buffer: string): ArrayLike<number> | null
}

/** The parts of a program as those of a `RowProgram`. */
export interface SequenceProgram {
  readonly rows: PassContext['rows']
  readonly prelude: readonly KernelOp[]
  /** One scan over the sequences. */
  readonly sequences: KernelOp
  readonly postlude: readonly KernelOp[]
  /** Those that were given, as they are now used, and those that are new. */
  readonly buffers: readonly Buffer[]
  readonly sizes: ReadonlyMap<SizeKey, number>
  /** Sums over the sequences that take the place of scratch: empty before them. */
  readonly added: readonly Buffer[]
}

/** Elements of a table that is copied for each run, at most. */
const MOST_COPIED = 1 << 16

/** null where the operations are not those, or sequences depend on each other. */
export function splitSequences(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  context: SequenceContext,
): SequenceProgram | null {
  const axis = ops.flatMap((op) => (op.op === 'scan' && isAround(op) ? [op.axis] : []))[0]
  if (axis === undefined || (context.sizes.get(axis.size) ?? 0) < 2) return null
  const split = parted(ops, axis)
  return split === null ? null : new Splitting(split, axis, new Map(buffers.map((b) => [b.id, b])), context).program()
}

/** A loop over sequences: there is one over places in it. */
const isAround = ({ axis, step }: KernelOp & { readonly op: 'scan' }): boolean =>
  axis.ragged === undefined && step.some((op) => op.op === 'scan')

interface Parts {
  readonly before: readonly KernelOp[]
  /** Operations with the loop over sequences outside, and fills of what they write, in order. */
  readonly along: readonly KernelOp[]
  readonly after: readonly KernelOp[]
}

/** What can be done before the sequences and after them; null where something would have to be done in between. */
function parted(ops: readonly KernelOp[], axis: Axis): Parts | null {
  const isAlong = (op: KernelOp): boolean =>
    op.op === 'scan' ? op.axis.id === axis.id : hasLoops(op) && op.axes[0]?.id === axis.id
  const written = new Set(ops.filter(isAlong).flatMap((op) => [...buffersWritten(op)]))
  const before: KernelOp[] = []
  const along: KernelOp[] = []
  const after: KernelOp[] = []
  for (const op of ops) {
    if (isAlong(op) || (op.op === 'fill' && written.has(op.out))) {
      if (!after.every((earlier) => canSwap(earlier, op))) return null
      along.push(op)
    } else if (op.op === 'rng' || op.op === 'repeat' || op.op === 'sparseGaussian') return null
    else if (along.every((earlier) => canSwap(earlier, op)) && after.every((earlier) => canSwap(earlier, op)))
      before.push(op)
    else after.push(op)
  }
  return { before, along, after }
}

const hasLoops = (op: KernelOp): op is KernelOp & { readonly op: 'map' | 'contract' | 'scatterAdd' | 'reduce' } =>
  op.op === 'map' || op.op === 'contract' || op.op === 'scatterAdd' || op.op === 'reduce'

const isAddition = (op: KernelOp): boolean => op.op === 'contract' || op.op === 'scatterAdd'

/** true where two operations give the same in the other order, up to the order in which numbers are added. */
function canSwap(a: KernelOp, b: KernelOp): boolean {
  const meet = (x: ReadonlySet<string>, y: ReadonlySet<string>): boolean => [...x].some((id) => y.has(id))
  const [ofA, ofB] = [buffersWritten(a), buffersWritten(b)]
  if (meet(ofA, buffersReadByOp(b)) || meet(ofB, buffersReadByOp(a))) return false
  return !meet(ofA, ofB) || (isAddition(a) && isAddition(b))
}

/** How the elements of a buffer belong to sequences. */
type Share =
  /** Its first index is the sequence, or a place in an array that holds the sequences one after another. */
  | { readonly kind: 'row' }
  | { readonly kind: 'flat'; readonly beginnings: string }
  /** Made anew along each sequence. */
  | { readonly kind: 'own' }
  /** All sequences add to it. */
  | { readonly kind: 'sum' }

class Splitting {
  readonly #shares = new Map<string, Share>()
  readonly #names = new Map<string, string>()
  readonly #added: Buffer[] = []
  readonly #made: Buffer[] = []
  readonly #sizes: Map<SizeKey, number>

  constructor(
    private readonly parts: Parts,
    private readonly axis: Axis,
    private readonly buffers: ReadonlyMap<string, Buffer>,
    private readonly context: SequenceContext,
  ) {
    this.#sizes = new Map(context.sizes)
  }

  program(): SequenceProgram | null {
    const { parts, axis, buffers } = this
    const along = parts.along.filter((op) => op.op !== 'fill')
    const written = new Set(along.flatMap((op) => [...buffersWritten(op)]))
    for (const id of written) {
      const share = this.#shareOf(id, along)
      if (share === null || !this.#rename(id, share)) return null
    }
    const tables = [...new Set(along.flatMap((op) => [...buffersReadByOp(op)]))].filter(
      (id) => buffers.get(id)?.space === 'scratch' && !written.has(id),
    )
    if (tables.some((id) => this.#extent(buffers.get(id)) > MOST_COPIED)) return null
    const isOwn = (id: string): boolean => this.#shares.get(id)?.kind === 'own'
    const step = readOnceInScans(
      parts.along.flatMap((op) => this.#alongOne(op)),
      { declared: (id) => (isOwn(id) ? (buffers.get(id) ?? null) : null), sizes: this.#sizes },
    )
    const fills = parts.along.filter((op) => op.op === 'fill' && this.#shares.get(op.out)?.kind === 'sum')
    const isTable = new Set(tables)
    return {
      rows: { table: axis.id, axis: axis.id, size: axis.size },
      prelude: parts.before,
      sequences: { op: 'scan', axis, reverse: false, carry: [], step, independent: true },
      postlude: [...fills, ...this.#additions(), ...parts.after],
      buffers: [
        ...[...buffers.values()].map((b): Buffer => (isTable.has(b.id) ? { ...b, space: 'derived' } : b)),
        ...this.#made,
      ],
      sizes: this.#sizes,
      added: this.#added,
    }
  }

  // -- what belongs to one sequence ----------------------------------------------------------------------------------

  #shareOf(id: string, along: readonly KernelOp[]): Share | null {
    const buffer = this.buffers.get(id)
    const first = along.flatMap((op) => firstIndices(op, id))
    const uses = along.filter((op) => buffersWritten(op).has(id) || buffersReadByOp(op).has(id))
    const outside = [...this.parts.before, ...this.parts.after]
    const isOurs = !outside.some((op) => buffersWritten(op).has(id) || buffersReadByOp(op).has(id))
    const isOnlySummed = uses.every((op) => !buffersReadByOp(op).has(id) && isOnlyAddedTo(op, id))
    const isFilled = this.parts.along.filter((op) => op.op === 'fill' && op.out === id)
    if (buffer?.space === 'sum') return isOnlySummed && isFilled.length === 0 ? { kind: 'sum' } : null
    if (buffer?.space !== 'scratch') return null
    if (isOurs && first.length > 0 && first.every((e) => this.#isSequence(e))) return { kind: 'row' }
    const [beginnings, ...others] = new Set(first.map((e) => this.#beginning(e)?.buffer ?? null))
    if (isOurs && beginnings !== null && beginnings !== undefined && others.length === 0)
      return { kind: 'flat', beginnings }
    if (isOnlySummed)
      return isFilled.length === 1 && isFilled.every((op) => op.op === 'fill' && op.value === 0)
        ? { kind: 'sum' }
        : null
    // what one operation leaves of the last sequence is nothing to the next one
    return isOurs && uses.every((op) => isMadeFirst(op, id)) ? { kind: 'own' } : null
  }

  #isSequence(e: KExpr | undefined): boolean {
    return e?.k === 'axis' && e.axis === this.axis.id
  }

  /** The beginning of the sequence in an index, and the place from there. */
  #beginning(e: KExpr | undefined): { readonly buffer: string; readonly place: KExpr } | null {
    const terms = e === undefined ? [] : e.k === 'add' ? e.args : [e]
    const begin = terms.find((t) => t.k === 'load' && t.at.length === 1 && this.#isSequence(t.at[0]))
    if (begin?.k !== 'load' || this.context.beginnings(begin.buffer) === null) return null
    return { buffer: begin.buffer, place: k.add(...terms.filter((t) => t !== begin)) }
  }

  /** Gives a buffer the name and the shape that it has along one sequence. */
  #rename(id: string, share: Share): boolean {
    this.#shares.set(id, share)
    const buffer = this.buffers.get(id)
    if (buffer === undefined) return false
    const { rows: _, ...plain } = buffer
    if (share.kind === 'own' || buffer.space === 'sum') return true
    const name = this.context.fresh(`${id} of one`)
    this.#names.set(id, name)
    if (share.kind === 'sum') {
      const sum: Buffer = { ...plain, id: name, space: 'sum' }
      this.#made.push(sum)
      this.#added.push(sum)
      return true
    }
    const rest = buffer.shape.slice(1)
    const longest = share.kind === 'flat' ? this.#longest(share.beginnings, buffer.shape[0]) : null
    if (share.kind === 'flat' && longest === null) return false
    this.#made.push({ ...plain, id: name, shape: longest === null ? rest : [longest, ...rest] })
    return true
  }

  /** The length of the longest sequence; null where they do not lie one after another. */
  #longest(beginnings: string, total: SizeKey = ''): SizeKey | null {
    const key = `longest of ${beginnings} in ${total}`
    const begins = this.context.beginnings(beginnings)
    const end = this.context.sizes.get(total)
    if (begins === null || end === undefined) return null
    let most = 0
    for (let i = 0; i < begins.length; i++) {
      const length = (begins[i + 1] ?? end) - (begins[i] ?? 0)
      if (length < 0) return null
      most = Math.max(most, length)
    }
    this.#sizes.set(key, most)
    return key
  }

  #extent(buffer: Buffer | undefined): number {
    return (buffer?.shape ?? []).reduce((product, key) => product * (this.context.sizes.get(key) ?? 1), 1)
  }

  // -- operations ----------------------------------------------------------------------------------------------------

  #alongOne(op: KernelOp): readonly KernelOp[] {
    if (op.op === 'fill') return this.#shares.get(op.out)?.kind === 'sum' ? [] : [this.#named(op)]
    if (op.op === 'scan') return op.step.map((step) => this.#named(step))
    return hasLoops(op) ? [this.#named({ ...op, axes: op.axes.slice(1) })] : []
  }

  #named(op: KernelOp): KernelOp {
    const index = (id: string, at: readonly KExpr[]): readonly KExpr[] => {
      const share = this.#shares.get(id)
      if (share?.kind === 'row') return at.slice(1)
      if (share?.kind === 'flat') return [this.#beginning(at[0])?.place ?? k.num(0), ...at.slice(1)]
      return at
    }
    const expr = (e: KExpr): KExpr => {
      const own = mapChildren(e, expr)
      if (own.k !== 'load' || e.k !== 'load' || !this.#shares.has(e.buffer)) return own
      const at = index(e.buffer, e.at).map((part) => simplify(expr(part)))
      return { ...own, buffer: this.#names.get(e.buffer) ?? e.buffer, at }
    }
    const outs = (one: KernelOp): KernelOp => {
      if (one.op === 'scan') return { ...one, step: one.step.map(outs) }
      if (one.op === 'fill') return { ...one, out: this.#names.get(one.out) ?? one.out }
      if (!hasLoops(one)) return one
      return { ...one, out: this.#names.get(one.out) ?? one.out, at: index(one.out, one.at) }
    }
    return rewriteOp(outs(op), { expr, axis: (axis) => mapAxis(axis, expr) })
  }

  /** What the sequences have added up, put where it is read. */
  #additions(): readonly KernelOp[] {
    return [...this.#shares].flatMap(([id, { kind }]): readonly KernelOp[] => {
      const name = this.#names.get(id)
      if (kind !== 'sum' || name === undefined) return []
      const axes = (this.buffers.get(id)?.shape ?? []).map((size, i): Axis => ({ id: `sum ${i}`, name: 'i', size }))
      const at = axes.map((axis) => k.axis(axis))
      return [{ op: 'contract', out: id, axes, at, factors: [k.load(name, ...at)] }]
    })
  }
}

/** First indices of all that is read and written of a buffer; undefined where it has none. */
function firstIndices(op: KernelOp, id: string): readonly (KExpr | undefined)[] {
  const found: (KExpr | undefined)[] = []
  if ('out' in op && op.out === id) found.push('at' in op ? op.at[0] : undefined)
  for (const axis of axesOf(op)) if (axis.ragged?.sizes === id) found.push(undefined)
  for (const e of expressionsOf(op))
    walk(e, (part) => {
      if (part.k === 'load' && part.buffer === id) found.push(part.at[0])
      if (part.k === 'reduce' && part.axis.ragged?.sizes === id) found.push(undefined)
    })
  if (op.op === 'scan') found.push(...op.step.flatMap((step) => firstIndices(step, id)))
  return found
}

function isOnlyAddedTo(op: KernelOp, id: string): boolean {
  if (op.op === 'scan') return op.step.every((step) => isOnlyAddedTo(step, id))
  return !buffersWritten(op).has(id) || isAddition(op)
}

/** true where the first thing that is done with a buffer is to write it. */
function isMadeFirst(op: KernelOp, id: string): boolean {
  if (op.op === 'scan') {
    const first = op.step.find((step) => buffersWritten(step).has(id) || buffersReadByOp(step).has(id))
    return first === undefined || isMadeFirst(first, id)
  }
  return !isAddition(op) && !buffersReadByOp(op).has(id)
}
