/** Whether the value on the left may be what a distribution gives, and what it is where nothing says it. */
import type { DistributionSignature, SupportName } from '../signature.js'
import { userName } from '../typed/print.js'
import type { Dim, Support, TExpr, ValueType } from '../typed/types.js'
import type { PlacedArgument } from './argument-fit.js'
import { type CheckContext, type ExpectedValue, textAt } from './context.js'
import { compareSizes } from './size-form.js'
import { compareDims, coreRank, describeDims, describeValue, elementOf } from './value-types.js'

/** The length of a vector value against the argument it follows from. */
export function checkLength(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  core: readonly Dim[],
  expected: ExpectedValue,
): boolean {
  for (const a of placed) {
    if (a.signature.rank === 0 || a.value.type.dims.length === 0) continue
    const length = a.value.type.dims[a.value.type.dims.length - 1]
    const wanted = core[core.length - 1]
    if (length === undefined || wanted === undefined || compareSizes(ctx, length.size, wanted.size) !== 'different')
      continue
    ctx.report({
      code: 'E219',
      span: a.span,
      message: `\`${expected.text}\` has length ${describeDims([wanted])} but the ${a.signature.name} of ${signature.name} has ${describeDims([length])}`,
    })
    return false
  }
  return true
}

/** Whether the value on the left may hold what the distribution gives. */
export function checkValueSupport(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  expected: ExpectedValue,
): boolean {
  const target = expected.target?.type
  if (target === undefined) return true
  const given = signature.value.support
  const have = target.support?.kind ?? (target.element === 'label' ? 'category' : 'real')
  const complain = (message: string, help?: string): boolean => {
    ctx.report({
      code: 'E220',
      span: expected.target?.span ?? { start: 0, end: 0 },
      message,
      ...(help === undefined ? {} : { help }),
    })
    return false
  }
  const over = `\`${expected.text}\` is ${describeValue(target)} but ${signature.name} is over`
  if (given === 'category') {
    if (target.element === 'real' || target.element === 'bool')
      return complain(
        `${over} the numbers 1, 2, …`,
        expected.role === 'data' ? 'declare it category' : 'leave its type out',
      )
    return signature.value.indexOf === undefined || checkLevelCount(ctx, signature, placed, expected)
  }
  if (target.element === 'label') {
    const help = 'categories have Categorical; declare the column int, count or bool if its values are numbers'
    return complain(`${over} numbers`, help)
  }
  if (given === 'bool') {
    if (target.element !== 'bool')
      return complain(`${over} bool`, 'declare it bool: 0 and 1 are read as false and true')
    return true
  }
  const discrete = signature.value.discrete && given !== 'real'
  if (discrete && target.element === 'real') return complain(`${over} whole numbers`, `declare it ${given}`)
  if (discrete && target.element === 'bool') return complain(`${over} ${given}`, `declare it ${given}`)
  const literal = expected.target?.kind === 'vector'
  if (
    expected.role === 'latent' &&
    !literal &&
    !signature.value.discrete &&
    (target.element === 'int' || target.element === 'bool')
  )
    return complain(`${over} real numbers`, 'declare it real, or leave its type out')
  const narrower =
    expected.role === 'latent' && given === 'real' && ['positive', 'nonnegative', 'unit', 'interval'].includes(have)
  if (narrower && !signature.value.discrete)
    return complain(
      `${over} all real numbers`,
      `write Truncated(${signature.name}(…), low=…, high=…), or declare it real`,
    )
  const coreWanted = coreRank(given)
  if (coreWanted > 0 && expected.role !== 'data' && have !== given && !compatibleCore(given, have))
    return complain(`${over} ${given}`, `declare it ${given}`)
  return true
}

function compatibleCore(given: SupportName, have: string): boolean {
  return given === 'covariance' && have === 'correlation'
}

/** One probability for each level, or one cut between each level and the next. */
function checkLevelCount(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  expected: ExpectedValue,
): boolean {
  const p =
    placed.find((a) => a.signature.name === signature.value.indexOf) ?? placed.find((a) => a.signature.rank === 1)
  const length = p?.value.type.dims.at(-1)
  const support = expected.target?.type.support
  if (p === undefined || length === undefined || support?.kind !== 'category') return true
  const beyond = signature.value.beyondIndex ?? 0
  const [size, less] = lessThan(length.size)
  const set = size.kind === 'ref' ? ctx.symbols.get(size.symbol) : undefined
  if (set?.kind !== 'size' || set.origin !== 'levels') return true
  if (set.id === support.levels && less === beyond) return true
  if (beyond > 0) {
    const cuts = `\`${textAt(ctx, p.span)}\``
    ctx.report({
      code: 'E213',
      span: p.span,
      message:
        set.id === support.levels
          ? `${cuts} has ${less === 0 ? 'as many cuts as' : `${less} cuts less than`} \`${expected.text}\` has levels, but ${signature.name} has one cut between each level and the next`
          : `${cuts} has the cuts of ${set.name}, but \`${expected.text}\` is a level of ${userName(support.levels)}`,
      help: `declare it ordered[levels(…) - ${beyond}]`,
    })
    return false
  }
  if (set.id === support.levels || less !== 0) return true
  ctx.report({
    code: 'E213',
    span: p.span,
    message: `\`${textAt(ctx, p.span)}\` has one probability for each of ${set.name}, but \`${expected.text}\` is a level of ${userName(support.levels)}`,
  })
  return false
}

/** a − c of a size and a number as its two parts; else the size and 0. */
function lessThan(size: TExpr): readonly [TExpr, number] {
  return size.kind === 'binary' && size.operator === '-' && size.right.kind === 'number'
    ? [size.left, size.right.value]
    : [size, 0]
}

/** What the value is when nothing on the left says it. */
export function impliedType(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
): ValueType {
  const batches = placed.map((a) => {
    const { dims } = a.value.type
    return dims.length < a.signature.rank ? [] : dims.slice(0, dims.length - a.signature.rank)
  })
  const batch = batches.reduce((best, dims) => (dims.length > best.length ? dims : best), [])
  const sized = placed.find((a) => a.signature.name === signature.value.sizeOf && a.value.type.dims.length > 0)
  const vector = sized ?? placed.find((a) => a.signature.rank > 0 && a.value.type.dims.length > 0)
  const length = vector?.value.type.dims.at(-1)
  const core =
    signature.value.rank === 0 || length === undefined ? [] : Array.from({ length: signature.value.rank }, () => length)
  const support = impliedSupport(ctx, signature, placed)
  return { element: elementOf(support), dims: [...batch, ...core], support }
}

function impliedSupport(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
): Support {
  const { support, indexOf, beyondIndex = 0 } = signature.value
  if (support !== 'category') return { kind: support }
  if (indexOf === undefined) return { kind: 'int' }
  const p = placed.find((a) => a.signature.name === indexOf) ?? placed.find((a) => a.signature.rank === 1)
  const length = p?.value.type.dims.at(-1)?.size
  const [size, less] = length === undefined ? [undefined, 0] : lessThan(length)
  const set = size?.kind === 'ref' && size.subscripts.length === 0 ? ctx.symbols.get(size.symbol) : undefined
  return size?.kind === 'ref' &&
    set?.kind === 'size' &&
    set.origin === 'levels' &&
    set.rank === 0 &&
    less === beyondIndex
    ? { kind: 'category', levels: size.symbol }
    : { kind: 'int' }
}

/** Without a value on the left the arguments must agree among themselves. */
export function checkBroadcast(ctx: CheckContext, implied: ValueType, placed: readonly PlacedArgument[]): boolean {
  for (const a of placed) {
    const own = a.value.type.dims.slice(0, Math.max(0, a.value.type.dims.length - a.signature.rank))
    const batch = implied.dims.slice(0, own.length)
    if (own.length === 0 || compareDims(ctx, own, batch) !== 'different') continue
    ctx.report({
      code: 'E203',
      span: a.span,
      message: `the arguments differ in shape: ${describeDims(own)} and ${describeDims(batch)}`,
    })
    return false
  }
  return true
}
