import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr } from '../../kernel/types.js'
import { i32, op } from './code.js'
import type { Copy, Lowering } from './lowering.js'
import type { Place } from './place.js'
import { SIDE } from './two-at-once.js'
import type { WExpr } from './wasm-ast.js'

/** The address of an element: `base` + `offset`. */
export interface Address {
  readonly base: WExpr
  readonly offset: number
  /** Bytes to the next value of the vector axis; null where that is no constant. */
  readonly laneStride: number | null
}

/** constant + Σ coefficient · axis + Σ coefficient · whatever; integers. */
interface Affine {
  constant: number
  readonly axes: Map<string, number>
  readonly others: { readonly expr: KExpr; readonly coefficient: number; readonly extent: number }[]
  /** Coefficient of the number of the block's first row. */
  firstRow: number
}

interface Term {
  readonly depth: number
  readonly key: string
  readonly reads: ReadonlySet<string>
  build(): WExpr
}

/** Address of `buffer[at]` at a copy. */
export function lowerAddress(lowering: Lowering, buffer: string, at: readonly KExpr[], copy: Copy): Address {
  const place = lowering.place(buffer)
  if (place.strides.length !== at.length)
    throw new KernelError(`buffer ${buffer} has rank ${place.strides.length}, not ${at.length}`)
  const parts = at.map((index, dim) => indexOf(lowering, index, place, dim, copy))
  let laneStride: number | null = null
  const { vectorAxis } = lowering
  if (copy.vector && vectorAxis !== null) {
    const depends = parts.some(({ others }) => others.some(({ expr }) => lowering.facts.of(expr).free.has(vectorAxis)))
    laneStride = depends ? null : parts.reduce((stride, { axes }) => stride + (axes.get(vectorAxis) ?? 0), 0)
    if (depends) return { base: i32(0), offset: 0, laneStride }
  }
  const whole: Affine = { constant: 0, axes: new Map(), others: [], firstRow: 0 }
  let fixedAt = 0
  let constant = 0
  let inside = 0
  for (const part of parts) {
    for (const [axis, by] of part.axes) {
      const variable = lowering.blocks.variable(axis)
      if (variable.w === 'i32' && variable.value * by >= 0) {
        part.constant += variable.value * by
        fixedAt = Math.max(fixedAt, lowering.blocks.depthOf(axis))
      } else whole.axes.set(axis, (whole.axes.get(axis) ?? 0) + by)
    }
    whole.others.push(...part.others)
    whole.firstRow += part.firstRow
    // an offset does not wrap around: what it is added to must be an address, as it is with the other indices alone
    const isAddress = part.others.length === 0 && [...part.axes.values()].every((by) => by >= 0)
    if (part.constant >= 0 && isAddress) constant += part.constant
    else inside += part.constant
  }
  const terms = termsOf(lowering, whole, place, copy)
  if (inside !== 0) {
    terms.push({ depth: fixedAt, key: `${inside}`, reads: new Set(), build: () => i32(inside) })
    terms.sort((a, b) => a.depth - b.depth)
  }
  return { base: partialSums(lowering, terms), offset: place.offset + constant, laneStride }
}

/** What one index adds to the address. */
function indexOf(lowering: Lowering, index: KExpr, place: Place, dim: number, copy: Copy): Affine {
  const affine: Affine = { constant: 0, axes: new Map(), others: [], firstRow: 0 }
  const stride = place.strides[dim] ?? 0
  const extent = place.extents[dim] ?? 0
  const own = dim === 0 && place.kind === 'rows'
  if (own && !isOwnRow(index, lowering.rowAxis))
    throw new KernelError(`${place.buffer} is read at another row than that of the block`)
  const plain = own || index.k === 'axis' || (index.k === 'num' && index.value >= 0 && index.value < extent)
  if (lowering.guarded && !plain) affine.others.push({ expr: index, coefficient: stride, extent })
  else addAffine(lowering, affine, index, stride, own, copy, extent)
  return affine
}

/** The row at hand, or of two at once either. */
function isOwnRow(index: KExpr, rowAxis: string | null): boolean {
  if (index.k !== 'add') return index.k === 'axis' && index.axis === rowAxis
  return index.args.every((part) => part.k === 'axis' && (part.axis === rowAxis || part.axis === SIDE))
}

function addAffine(
  lowering: Lowering,
  affine: Affine,
  index: KExpr,
  coefficient: number,
  ownRow: boolean,
  copy: Copy,
  extent: number,
): void {
  const again = (part: KExpr, by: number): void => addAffine(lowering, affine, part, by, ownRow, copy, extent)
  switch (index.k) {
    case 'num':
      affine.constant += Math.trunc(index.value) * coefficient
      return
    case 'size':
      affine.constant += lowering.size(index.size) * coefficient
      return
    case 'axis':
      affine.axes.set(index.axis, (affine.axes.get(index.axis) ?? 0) + coefficient)
      affine.constant += (copy.plus.get(index.axis) ?? 0) * coefficient
      if (index.axis === lowering.rowAxis && !ownRow) affine.firstRow += coefficient
      return
    case 'add':
      if (!index.args.every((part) => isAffine(part))) break
      for (const part of index.args) again(part, coefficient)
      return
    case 'sub':
      if (!isAffine(index.left) || !isAffine(index.right)) break
      again(index.left, coefficient)
      again(index.right, -coefficient)
      return
    default:
  }
  affine.others.push({ expr: index, coefficient, extent: 0 })
}

/** A sum of axes, sizes and whole numbers. */
function isAffine(expr: KExpr): boolean {
  if (expr.k === 'num') return Number.isInteger(expr.value)
  if (expr.k === 'add') return expr.args.every(isAffine)
  if (expr.k === 'sub') return isAffine(expr.left) && isAffine(expr.right)
  return expr.k === 'axis' || expr.k === 'size'
}

function termsOf(lowering: Lowering, affine: Affine, place: Place, copy: Copy): Term[] {
  const terms: Term[] = []
  const { origin } = place
  if (origin !== null)
    terms.push({
      depth: origin.depth,
      key: place.kind === 'rows' ? `at ${place.buffer}` : 'base',
      reads: new Set(),
      build: () => origin.address,
    })
  if (affine.firstRow !== 0) {
    const { firstRow } = lowering
    if (firstRow === null) throw new KernelError('there is no block of rows')
    const by = affine.firstRow
    terms.push({
      depth: firstRow.depth,
      key: `first·${by}`,
      reads: new Set(),
      build: () => op('i32.mul', firstRow.value, i32(by)),
    })
  }
  for (const [axis, by] of affine.axes) {
    if (by === 0) continue
    const variable = lowering.blocks.variable(axis)
    const depth = lowering.blocks.depthOf(axis)
    terms.push({
      depth,
      key: `${JSON.stringify(axis)}·${by}`,
      reads: new Set(),
      build: () => op('i32.mul', variable, i32(by)),
    })
  }
  for (const { expr, coefficient, extent } of affine.others) {
    const facts = lowering.facts.of(expr)
    terms.push({
      depth: lowering.blocks.target(facts),
      key: `${facts.key}${plusKey(facts.free, copy)}·${coefficient}${extent > 0 ? `<${extent}` : ''}`,
      reads: facts.reads,
      build: () => {
        const index = lowering.integer(expr, copy)
        return op('i32.mul', extent > 0 ? clamped(lowering, index, extent) : index, i32(coefficient))
      },
    })
  }
  return terms.sort((a, b) => a.depth - b.depth)
}

/** An index made legal: it belongs to a value that is not used. */
function clamped(lowering: Lowering, index: WExpr, extent: number): WExpr {
  const known = lowering.blocks.bind(index)
  const last = i32(Math.max(0, extent - 1))
  const above = lowering.blocks.bind(op('select', last, known, op('i32.gt_s', known, last)))
  return op('select', i32(0), above, op('i32.lt_s', above, i32(0)))
}

/** What distinguishes copies as far as some axes are concerned. */
export function plusKey(free: ReadonlySet<string>, copy: Copy): string {
  let key = ''
  for (const [axis, plus] of copy.plus) if (plus !== 0 && free.has(axis)) key += `@${JSON.stringify(axis)}+${plus}`
  return key
}

/** The sum of the terms, those of outer loops added up there. */
function partialSums(lowering: Lowering, terms: readonly Term[]): WExpr {
  const { blocks } = lowering
  let sum: WExpr | null = null
  let key = 'address'
  let reads = new Set<string>()
  for (let i = 0; i < terms.length; ) {
    const depth = terms[i]?.depth ?? 0
    const group: Term[] = []
    while (i < terms.length && terms[i]?.depth === depth) {
      const term = terms[i]
      if (term !== undefined) group.push(term)
      i++
    }
    key += group.map((term) => ` ${term.key}`).join('')
    reads = new Set([...reads, ...group.flatMap((term) => [...term.reads])])
    const before: WExpr | null = sum
    const [name, all] = [key, reads]
    sum =
      blocks.recall(name) ??
      blocks.at(depth, () => {
        const parts = group.map((term) => term.build())
        const whole = [...(before === null ? [] : [before]), ...parts]
        const bound = blocks.bind(whole.reduce((left, right) => op('i32.add', left, right)))
        blocks.remember(name, bound, all)
        return bound
      })
  }
  return sum ?? i32(0)
}
