/** Which programs can be run on some rows at a time, without ever holding something for each of all rows. */
import type { BoundData } from '../../runtime/contract.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { axesOf, childrenOf, expressionsOf } from '../kernel/index.js'
import type { Buffer, KExpr, KernelOp, SizeKey } from '../kernel/types.js'
import { extentOf } from '../lower/lowerer.js'
import type { Pass, Program } from '../lower/program.js'
import { sumGroups } from './row-sums.js'
import { BindError } from './sizes.js'

/** The size of a program that counts rows which do not lie in memory; null where all do, or it has no such size. */
export function rowKeyOf(program: Program, { stream }: BoundData): SizeKey | null {
  if (stream === undefined) return null
  for (const [key, e] of program.sizes)
    if (e.kind === 'ref' && e.space === 'size' && e.index.length === 0 && e.name === `size:${stream.size}`) return key
  return null
}

/**
 * Where rows do not lie in memory, every pass must go over rows one by one, and nothing may be kept for each of them.
 *
 * @throws BindError (E422) naming what needs all rows
 */
export function checkRowWise(d: Derivation, program: Program, data: BoundData, sumsOnly = false): void {
  const { stream } = data
  if (stream === undefined) return
  const key = rowKeyOf(program, data)
  const reason =
    key === null
      ? `nothing in it goes over the ${stream.size} rows`
      : whyNotRowWise(d, program, key, stream.size, sumsOnly)
  if (reason === null) return
  throw new BindError(
    'E422',
    `${stream.source} is read a part at a time, but the model needs all of its ${stream.rows} rows at once: ${reason}`,
    'fit it to a sample of the rows, or have all of them in memory: a larger --memory',
  )
}

/** @param sumsOnly nothing but sums over rows is asked for: no label of a row is kept */
export function whyNotRowWise(
  d: Derivation,
  program: Program,
  key: SizeKey,
  size: string,
  sumsOnly = false,
): string | null {
  if (program.factorised !== null) return 'its posterior is a product of factors, which is kept for every row'
  if (!sumsOnly && (program.withinSquares !== null || program !== d.program))
    return 'hard mode keeps a label for each row'
  const perRow = d.graph.params.find((p) => d.shapes.shape('param', p.name).some((e) => mentions(e, size)))
  if (perRow !== undefined) return `\`${perRow.name}\` has a value for each row`
  const nodes = d.eStep.blocks.flatMap((b) => (b.kind === 'nodes' ? b.latents.map((l) => l.latent.name) : []))
  // batches have as many as were found over a sample
  if (nodes.length > 0 && !sumsOnly) return `how many nodes the posterior of ${named(nodes)} has is found over all rows`
  const joint = d.eStep.blocks.filter((b) => b.kind === 'gaussian' && b.layout === 'joint' && b.apart.length > 0)
  if (joint.length > 0)
    return `the posterior of ${named(joint.flatMap((b) => b.latents.map((l) => l.latent.name)))} is one sparse system over all rows; a vector (\`latent f ~ MvNormal(…)\`) has one for each row`
  const sums = (p: Pass): boolean => p.rows === null && p.posterior.length === 0
  if (program.passes.some((p) => !sums(p) && p.rows?.size !== key)) {
    const joining = program.latents.filter((l) => l.loops[0] === undefined || !mentions(extentOf(l.loops[0]), size))
    const names = (joining.length > 0 ? joining : program.latents).map((l) => l.name)
    return `rows belong together through ${named(names)}`
  }
  const table = program.buffers.find((b) => b.space === 'data' && !b.id.startsWith('data:') && b.shape.includes(key))
  if (table !== undefined)
    return 'it has numbers for each row that are made of all data, as for patterns of missing cells'
  const kept = program.buffers.find((b) => !isPerRow(b) && b.shape.includes(key))
  if (kept !== undefined || program.buffers.some((b) => b.shape.lastIndexOf(key) > 0))
    return 'something is kept for each row, or for each two'
  if ([...program.sizes].some(([other, e]) => other !== key && mentions(e, size)))
    return `an extent is made of ${size}, such as ${size} - 1`
  const buffers = new Map(program.buffers.map((b) => [b.id, b]))
  const check: RowCheck = { key, buffers }
  const inPasses = program.passes.every((p) => {
    const numeric = program.numeric.flatMap((n) => n.rows.filter((r) => r.pass === p.id))
    const lists = [
      p.posterior,
      p.objective,
      p.statistics,
      p.q,
      ...numeric.flatMap((r) => [r.value, r.gradient, r.hessian]),
    ]
    return lists.every((ops) =>
      p.rows === null ? areSums(ops, check) : ops.every((op) => isByRow(op, p.rows?.axis ?? null, check)),
    )
  })
  const around = areSums(program.once, check) && program.marginals.every((op) => isByRow(op, null, check))
  if (!inPasses || !around) return 'it uses the number of a row, or reads one row beside another'
  const driver = [
    program.derived.param,
    program.derived.trial,
    program.qDriver,
    program.prior,
    ...program.solves.map((s) => s.prepare),
    ...program.numeric.flatMap((n) => [n.value, n.gradient, n.hessian]),
    ...program.derivedValues.map((l) => l.ops),
  ]
  return driver.flat().every((op) => touchesNoRow(op, check)) ? null : 'a step of the iteration goes over all rows'
}

const named = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

const mentions = (e: Parameters<typeof some>[0], size: string): boolean =>
  some(e, (n) => n.kind === 'ref' && n.space === 'size' && n.name === `size:${size}`)

/** Data, scratch and what is given by row may be as long as a window. */
const isPerRow = (b: Buffer): boolean => b.space === 'data' || b.space === 'scratch' || b.space === 'given'

interface RowCheck {
  readonly key: SizeKey
  readonly buffers: ReadonlyMap<string, Buffer>
}

/** true where an operation reads and writes, of what has rows, the row that it is at, and does not use its number. */
function isByRow(op: KernelOp, axis: string | null, check: RowCheck): boolean {
  const { key } = check
  if (op.op === 'sparseGaussian') return false
  if (op.op === 'scan' || op.op === 'repeat')
    return (op.op === 'repeat' || op.axis.size !== key) && op.step.every((step) => isByRow(step, axis, check))
  if (op.op === 'fill') return true
  const rows = axesOf(op).filter((a) => a.size === key)
  const [row] = rows
  if (rows.length > 1 || (row !== undefined && axis !== null && row.id !== axis)) return false
  const id = row?.id ?? axis
  const has = (buffer: string): boolean => check.buffers.get(buffer)?.shape[0] === key
  const isRow = (at: KExpr | undefined): boolean => at?.k === 'axis' && at.axis === id
  const isFree = (e: KExpr): boolean => {
    if (e.k === 'axis') return e.axis !== id
    if (e.k === 'size') return e.size !== key
    if (e.k === 'reduce' && e.axis.size === key) return false
    if (e.k !== 'load' || !has(e.buffer)) return childrenOf(e).every(isFree)
    return isRow(e.at[0]) && e.at.slice(1).every(isFree)
  }
  const target = op.op === 'rng' ? [] : op.at
  const own = has(op.op === 'gather' ? op.from : op.out) ? target.slice(1) : target
  if (own !== target && !isRow(target[0])) return false
  const values = expressionsOf(op).filter((e) => !target.includes(e))
  return own.every(isFree) && values.every(isFree)
}

/** true for operations over whole arrays that can be taken some rows at a time. */
function areSums(ops: readonly KernelOp[], check: RowCheck): boolean {
  if (ops.every((op) => touchesNoRow(op, check))) return true
  const groups = sumGroups(ops) ?? []
  return (
    groups.length > 0 &&
    groups.every((g) =>
      g.axis?.size === check.key && g.axis.ragged === undefined
        ? g.ops.every((op) => isByRow(op, null, check))
        : g.ops.every((op) => touchesNoRow(op, check)),
    )
  )
}

function touchesNoRow(op: KernelOp, check: RowCheck): boolean {
  if (op.op === 'scan' || op.op === 'repeat') return op.step.every((step) => touchesNoRow(step, check))
  if (axesOf(op).some((a) => a.size === check.key)) return false
  const isFree = (e: KExpr): boolean =>
    !(e.k === 'load' && check.buffers.get(e.buffer)?.shape[0] === check.key) &&
    !(e.k === 'reduce' && e.axis.size === check.key) &&
    childrenOf(e).every(isFree)
  return expressionsOf(op).every(isFree)
}
