import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, KExpr, KernelOp } from '../../kernel/types.js'
import { buffersWritten } from '../../kernel/visit.js'
import { asMap, type LoopOp } from '../loop-op.js'
import { extract, f64, f64x2, get, i32, op as instruction, typeOf } from './code.js'
import { inLanes } from './lanes.js'
import { fixed, loop, range } from './loops.js'
import { lowerAddress } from './lower-address.js'
import { conditions } from './lower-condition.js'
import type { ExprLowering } from './lower-expr.js'
import { lowerLoad, lowerStore } from './lower-load.js'
import { LogSums, logarithmIn, MOST_FACTORS } from './lower-log-sum.js'
import { addTo } from './lower-products.js'
import { lowerTwoAtOnce } from './lower-two-at-once.js'
import { at, type Copy, moved, NO_COPY } from './lowering.js'
import { STRIP_ROWS } from './strips.js'
import { type Tiling, tilingOf } from './tiling.js'
import { SIDE, type TwoAtOnce } from './two-at-once.js'
import type { Local, WExpr } from './wasm-ast.js'

/** Rows of the block at hand, and how many of them come in whole vectors of the widest kind. */
export interface BlockRows {
  readonly axis: string
  readonly rows: WExpr
  /** Rows of a full block. */
  readonly most: number
  /** How many of the operations take a few rows at a time. */
  readonly inStrips: number
  /** Puts rows of the block where the operations read them. */
  readonly bring: (rows: Rows) => void
}

/** Rows of a block, from one up to another. */
export interface Rows {
  readonly from: WExpr
  readonly to: WExpr
}

/** A part of the vector axis: in vectors, several side by side, or value by value. */
interface Part {
  readonly from: WExpr
  readonly to: WExpr
  /** Vectors side by side; 0: no vectors. */
  readonly vectors: number
}

const product = (factors: readonly KExpr[]): KExpr =>
  factors.length === 1 && factors[0] !== undefined ? factors[0] : { k: 'mul', args: factors }

export class OpLowering {
  /** The rows that are at hand: both, where they go along together. */
  #sides: readonly Copy[] = [NO_COPY]
  /** Rows that are gone over: all of the block, or a strip of it. */
  #rows: Rows

  constructor(
    private readonly exprs: ExprLowering,
    private readonly block: BlockRows | null,
    private readonly smallImport: (kind: string) => string,
    /** The operations go along one row at a time: loops in them are those of whole arrays. */
    private readonly oneByOne = false,
    private readonly two: TwoAtOnce | null = null,
  ) {
    this.#rows = { from: i32(0), to: block?.rows ?? i32(0) }
  }

  /** All operations of a kernel, over the rows of a block where it has any. */
  runAll(ops: readonly KernelOp[]): void {
    const { block } = this
    if (block !== null && block.inStrips > 0) this.#strips(block, ops.slice(0, block.inStrips))
    else block?.bring(this.#rows)
    this.run(ops.slice(block?.inStrips ?? 0))
  }

  #strips({ rows, bring }: BlockRows, ops: readonly KernelOp[]): void {
    const { blocks } = this.exprs
    const all = this.#rows
    const writes = new Set(ops.flatMap((op) => [...buffersWritten(op)]))
    range(this.exprs, null, i32(0), rows, STRIP_ROWS, writes, () => {
      const from = blocks.current.variable ?? i32(0)
      const end = blocks.bind(instruction('i32.add', from, i32(STRIP_ROWS)))
      const to = blocks.bind(instruction('select', end, rows, instruction('i32.lt_s', end, rows)))
      this.#rows = { from, to }
      bring(this.#rows)
      this.run(ops)
      this.#rows = all
    })
  }

  run(ops: readonly KernelOp[]): void {
    for (const op of ops) {
      this.#op(op)
      for (const id of buffersWritten(op)) this.exprs.blocks.written(id)
    }
  }

  #op(op: KernelOp): void {
    switch (op.op) {
      case 'fill':
        this.#fill(op)
        return
      case 'scan':
        this.#scan(op)
        return
      case 'repeat':
        this.#repeat(op)
        return
      case 'gather':
        this.#loops(asMap(op))
        return
      case 'sparseGaussian':
      case 'rng':
        throw new KernelError(`${op.op} was not declined`)
      default:
        this.#loops(op)
    }
  }

  #scan(op: KernelOp & { readonly op: 'scan' }): void {
    if (this.two?.axis === op.axis) {
      const rows = this.block?.rows ?? i32(this.exprs.size(op.axis.size))
      lowerTwoAtOnce(this.exprs, this.two, rows, (ops, sides) => {
        this.#sides = sides
        this.run(ops)
        this.#sides = [NO_COPY]
      })
      return
    }
    const before = this.exprs.inScan
    const isWithoutRows = this.block === null || this.oneByOne || op.axis.id === this.block.axis
    this.exprs.inScan = isWithoutRows && op.step.every((step) => step.op !== 'scan')
    this.#inLoop(op.axis, buffersWritten(op), () => this.run(op.step), op.reverse)
    this.exprs.inScan = before
  }

  #repeat(op: KernelOp & { readonly op: 'repeat' }): void {
    const { blocks } = this.exprs
    const written = new Set([...buffersWritten(op), op.until])
    range(this.exprs, null, i32(0), i32(op.times), 1, written, () => {
      const [when] = conditions(this.exprs, { k: 'load', buffer: op.until, at: [] }, [NO_COPY])
      const { statements } = blocks.within('branch', null, null, new Set(), () => this.run(op.step))
      blocks.append({ w: 'if', when: when ?? i32(0), then: statements, otherwise: [] })
    })
  }

  /** A loop over an axis, over the block's rows where it runs over rows. */
  #inLoop(axis: Axis, writes: ReadonlySet<string>, build: () => void, reverse = false): void {
    if (this.block !== null && axis.id === this.block.axis)
      range(this.exprs, axis.id, this.#rows.from, this.#rows.to, 1, writes, build, reverse)
    else loop(this.exprs, axis, writes, build, reverse)
  }

  #fill(op: KernelOp & { readonly op: 'fill' }): void {
    const place = this.exprs.place(op.out)
    const { blocks } = this.exprs
    const bytes = place.type === 'f64' ? 8 : 4
    // what lies between columns is filled too
    let length: WExpr = i32(Math.max(bytes, ...place.extents.map((extent, dim) => extent * (place.strides[dim] ?? 0))))
    let start: WExpr = instruction('i32.add', place.origin?.address ?? i32(0), i32(place.offset))
    if (place.kind === 'rows' && place.strides[0] !== bytes && this.block !== null)
      length = instruction('i32.mul', this.block.rows, i32(place.strides[0] ?? 0))
    start = blocks.bind(start)
    blocks.release(op.out, null)
    if (Object.is(op.value, 0)) {
      blocks.append({ w: 'fill', address: start, byte: 0, length })
      return
    }
    range(this.exprs, null, start, instruction('i32.add', start, length), bytes, new Set([op.out]), () => {
      // the loop variable is the address
      const variable = blocks.current.variable ?? start
      if (place.type === 'i32')
        blocks.append({ w: 'store', op: 'i32.store', address: variable, offset: 0, value: i32(op.value) })
      else blocks.append({ w: 'store', op: 'f64.store', address: variable, offset: 0, value: f64(op.value) })
    })
  }

  /** An operation that is loops around one statement: vector by vector along one axis where that can be. */
  #loops(op: LoopOp): void {
    const tiling = tilingOf(op, this.exprs, this.block?.axis ?? null)
    const { vectorAxis } = tiling
    const copies = [...tiling.tiles.values()].reduce((product, tile) => product * tile, tiling.vectors)
    this.exprs.written = tiling.nodes * copies * this.#sides.length
    if (vectorAxis === null) {
      this.#nest(op, tiling, null)
      return
    }
    for (const part of this.#parts(vectorAxis, tiling.vectors)) {
      const { blocks } = this.exprs
      const some = instruction('i32.lt_s', part.from, part.to)
      const known = part.from.w === 'i32' && part.to.w === 'i32'
      if (known) {
        this.#nest(op, tiling, part)
        continue
      }
      const { statements } = blocks.within('branch', null, null, new Set(), () => this.#nest(op, tiling, part))
      blocks.append({ w: 'if', when: some, then: statements, otherwise: [] })
    }
  }

  #parts(axis: Axis, vectors: number): readonly Part[] {
    if (this.block !== null && axis.id === this.block.axis) {
      const { from, to } = this.#rows
      const whole = this.exprs.blocks.bind(instruction('i32.and', to, i32(-2 * vectors)))
      return [
        { from, to: whole, vectors },
        { from: whole, to, vectors: 0 },
      ]
    }
    const size = this.exprs.size(axis.size)
    const wide = size - (size % (2 * vectors))
    const narrow = size - (size % 2)
    return [
      { from: i32(0), to: i32(wide), vectors },
      { from: i32(wide), to: i32(narrow), vectors: 1 },
      { from: i32(narrow), to: i32(size), vectors: 0 },
    ].filter(({ from, to }) => from.w === 'i32' && to.w === 'i32' && from.value < to.value)
  }

  #nest(op: LoopOp, tiling: Tiling, part: Part | null): void {
    const { exprs } = this
    const before = exprs.vectorAxis
    exprs.vectorAxis = part !== null && part.vectors > 0 ? (tiling.vectorAxis?.id ?? null) : null
    const vector = exprs.vectorAxis !== null
    const sides = this.#sides.map((side): Copy => ({ ...side, vector }))
    // what is added up in locals is added up for one row after the other
    const groups = tiling.inner.length === 0 ? [sides] : sides.map((side) => [side])
    const writes = new Set([op.out])
    const build = (copies: readonly Copy[]): void => {
      if (op.op === 'small') this.#small(op)
      else if (op.op === 'contract' || op.op === 'scatterAdd') this.#accumulate(op, tiling, part, copies)
      else this.#store(op, copies)
    }
    for (const group of groups) this.#axes(tiling.outer, tiling, part, group, writes, build)
    exprs.vectorAxis = before
  }

  /** Loops over axes, several values side by side where the tiling says so. */
  #axes(
    axes: readonly Axis[],
    tiling: Tiling,
    part: Part | null,
    copies: readonly Copy[],
    writes: ReadonlySet<string>,
    build: (copies: readonly Copy[]) => void,
  ): void {
    const [axis, ...rest] = axes
    if (axis === undefined) {
      build(copies)
      return
    }
    const inner = (own: readonly Copy[]): void => this.#axes(rest, tiling, part, own, writes, build)
    if (part !== null && axis === tiling.vectorAxis) {
      const steps = Array.from({ length: Math.max(1, part.vectors) }, (_, i) => 2 * i)
      const own = copies.flatMap((copy) => steps.map((by) => moved(copy, axis.id, by)))
      const step = part.vectors === 0 ? 1 : 2 * part.vectors
      const { from, to } = part
      if (from.w === 'i32' && to.w === 'i32' && this.exprs.inScan && to.value - from.value <= 4 * step)
        for (let value = from.value; value < to.value; value += step)
          fixed(this.exprs, axis.id, value, writes, () => inner(own))
      else range(this.exprs, axis.id, from, to, step, writes, () => inner(own))
      return
    }
    const tile = part !== null && part.vectors === 0 ? 1 : (tiling.tiles.get(axis.id) ?? 1)
    if (tile === 1) {
      this.#inLoop(axis, writes, () => inner(copies))
      return
    }
    const size = this.exprs.size(axis.size)
    const whole = size - (size % tile)
    const side = (count: number): Copy[] =>
      copies.flatMap((copy) => Array.from({ length: count }, (_, i) => moved(copy, axis.id, i)))
    if (whole === tile) fixed(this.exprs, axis.id, 0, writes, () => inner(side(tile)))
    else if (whole > 0) range(this.exprs, axis.id, i32(0), i32(whole), tile, writes, () => inner(side(tile)))
    if (whole < size) fixed(this.exprs, axis.id, whole, writes, () => inner(side(size - whole)))
  }

  #value(value: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    const [copy] = copies
    return copy?.vector === true ? this.exprs.vectors(value, copies) : this.exprs.numbers(value, copies)
  }

  #store(op: LoopOp & { readonly op: 'map' | 'reduce' }, copies: readonly Copy[]): void {
    const value: KExpr =
      op.op === 'map'
        ? op.value
        : op.over.reduceRight<KExpr>((body, axis) => ({ k: 'reduce', kind: op.kind, axis, body }), op.value)
    const values = this.#value(value, copies)
    copies.forEach((copy, i) => {
      lowerStore(this.exprs, op.out, op.at, copy, at(values, i), false)
    })
  }

  /** Loops that the position does not depend on add up in locals. */
  #accumulate(
    op: LoopOp & { readonly op: 'contract' | 'scatterAdd' },
    tiling: Tiling,
    part: Part | null,
    copies: readonly Copy[],
  ): void {
    const { exprs } = this
    const written = op.op === 'contract' ? product(op.factors) : op.value
    const logs = this.#logsOf(written, tiling, copies)
    const value = logs === null ? written : logs.beside
    if (tiling.inner.length === 0) {
      const [first = [], ...others] = this.#bySide(copies)
      if (this.#areApart(op, first)) {
        const isShared = op.at.every((index) => !exprs.facts.of(index).free.has(SIDE))
        for (const own of isShared ? [first] : [first, ...others]) {
          const before = own.map((copy) => exprs.blocks.bind(lowerLoad(exprs, op.out, op.at, copy)))
          const all = isShared ? [first, ...others] : [own]
          const sums = all.reduce<readonly WExpr[]>((sum, side) => addTo(exprs, sum, value, side), before)
          sums.forEach((sum, i) => {
            lowerStore(exprs, op.out, op.at, own[i] ?? NO_COPY, sum, false)
          })
        }
        return
      }
      const values = this.#value(value, copies)
      copies.forEach((copy, i) => {
        lowerStore(exprs, op.out, op.at, copy, at(values, i), true)
      })
      return
    }
    const outer = copies.length
    const sums: Local[] = []
    let perCopy = 1
    const start = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const local = exprs.code.local(copies[0]?.vector === true ? 'v128' : 'f64')
        sums.push(local)
      }
    }
    // as many sums as there are copies in the innermost loop: known once the loops are made
    const { statements } = exprs.blocks.within('loop', null, null, new Set(), () =>
      this.#axes(tiling.inner, tiling, part, copies, new Set(), (inner) => {
        if (sums.length === 0) {
          perCopy = inner.length / outer
          start(inner.length)
        }
        const values = addTo(
          exprs,
          inner.map((_, i) => get(sums[i] ?? exprs.code.local('f64'))),
          value,
          inner,
        )
        inner.forEach((_, i) => {
          const local = sums[i]
          if (local !== undefined) exprs.blocks.append({ w: 'set', local, value: at(values, i) })
        })
        logs?.sums.take(inner)
      }),
    )
    for (const local of sums) exprs.blocks.append({ w: 'set', local, value: local.type === 'v128' ? f64x2(0) : f64(0) })
    logs?.sums.begin()
    for (const statement of statements) exprs.blocks.append(statement)
    copies.forEach((copy, i) => {
      const own: WExpr[] = sums.slice(i * perCopy, (i + 1) * perCopy).map(get)
      if (logs !== null) own.push(logs.sums.total())
      const [first] = own
      if (first === undefined) return
      const vector = typeOf(first) === 'v128'
      const total = exprs.blocks.bind(own.reduce((a, b) => instruction(vector ? 'f64x2.add' : 'f64.add', a, b)))
      const atVector = vector && op.at.some((index) => exprs.isVector(index, copy))
      if (!vector || atVector) lowerStore(exprs, op.out, op.at, copy, total, true)
      else {
        const both = instruction('f64.add', extract(total, 0), extract(total, 1))
        lowerStore(exprs, op.out, op.at, { ...copy, vector: false }, both, true)
      }
    })
  }

  /** The copies of each row that is at hand. */
  #bySide(copies: readonly Copy[]): readonly (readonly Copy[])[] {
    const each = copies.length / this.#sides.length
    return this.#sides.map((_, side) => copies.slice(side * each, (side + 1) * each))
  }

  /** Pairs of numbers are added to elements that lie side by side, others for each copy. */
  #areApart(op: LoopOp & { readonly op: 'contract' | 'scatterAdd' }, copies: readonly Copy[]): boolean {
    const { vectorAxis } = this.exprs
    const [copy] = copies
    if (vectorAxis === null || copy?.vector !== true || !inLanes(this.exprs, op.out, op.at, vectorAxis)) return false
    const plain = new Set(op.at.flatMap((index) => (index.k === 'axis' ? [index.axis] : [])))
    return (
      plain.has(vectorAxis) && copies.every(({ plus }) => [...plus].every(([axis, by]) => by === 0 || plain.has(axis)))
    )
  }

  /** Logarithms that are added up over the rows of the block, two rows at a time, into one number. */
  #logsOf(
    value: KExpr,
    { outer, inner }: Tiling,
    [copy]: readonly Copy[],
  ): { readonly sums: LogSums; readonly beside: KExpr } | null {
    const { block, exprs } = this
    if (block === null || block.most > MOST_FACTORS || copy === undefined) return null
    const isOverRows = outer.length === 0 && inner.length === 1 && inner[0]?.id === block.axis
    const found = isOverRows ? logarithmIn(value) : null
    if (found === null || !exprs.isVector(found.of, copy)) return null
    return { sums: new LogSums(exprs, found.of), beside: found.beside ?? { k: 'num', value: 0 } }
  }

  #small(op: KernelOp & { readonly op: 'small' }): void {
    const { exprs } = this
    const corner = (buffer: string): WExpr => {
      const rank = exprs.place(buffer).strides.length
      const zeros = Array.from({ length: rank - op.at.length }, (): KExpr => ({ k: 'num', value: 0 }))
      const { base, offset } = lowerAddress(exprs, buffer, [...op.at, ...zeros], NO_COPY)
      return instruction('i32.add', base, i32(offset))
    }
    const right = op.rightHandSide
    const args = [
      i32(exprs.size(op.order)),
      corner(op.matrix),
      right === undefined ? i32(0) : corner(right),
      corner(op.out),
    ]
    exprs.blocks.append({ w: 'run', callee: { kind: 'import', name: this.smallImport(op.kind) }, args })
    exprs.blocks.release(op.out, null)
  }
}
