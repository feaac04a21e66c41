import type { Axis } from '../../kernel/types.js'
import { get, i32, op } from './code.js'
import type { ExprLowering } from './lower-expr.js'
import { NO_COPY } from './lowering.js'
import type { WExpr, WStatement } from './wasm-ast.js'

/** Loops of so few steps are written out: where rows lie in the lanes, and where states do. */
const WRITTEN_OUT = 4
const STATES_WRITTEN_OUT = 8

export const writtenOut = (lowering: ExprLowering): number =>
  lowering.rowAxis === null ? STATES_WRITTEN_OUT : WRITTEN_OUT

/** Nested loops, outermost first; `build` fills the innermost body. */
export function loops(
  lowering: ExprLowering,
  axes: readonly Axis[],
  writes: ReadonlySet<string>,
  build: () => void,
): void {
  const [axis, ...rest] = axes
  if (axis === undefined) build()
  else loop(lowering, axis, writes, () => loops(lowering, rest, writes, build))
}

/** A loop over all values of an axis. */
export function loop(
  lowering: ExprLowering,
  axis: Axis,
  writes: ReadonlySet<string>,
  build: () => void,
  reverse = false,
): void {
  const { ragged } = axis
  if (ragged !== undefined) {
    const extent = lowering.integer({ k: 'load', buffer: ragged.sizes, at: [ragged.at] }, NO_COPY)
    range(lowering, axis.id, i32(0), extent, 1, writes, build, reverse)
    return
  }
  const size = lowering.around.sizes(axis.size)
  if (size <= writtenOut(lowering) && !reverse) {
    for (let value = 0; value < size; value++) fixed(lowering, axis.id, value, writes, build)
    return
  }
  range(lowering, axis.id, i32(0), i32(size), 1, writes, build, reverse)
}

/** The body with an axis at one value. */
export function fixed(
  lowering: ExprLowering,
  axis: string,
  value: number,
  writes: ReadonlySet<string>,
  build: () => void,
): void {
  const { statements } = lowering.blocks.within('loop', axis, i32(value), writes, build)
  for (const statement of statements) lowering.blocks.append(statement)
}

/** variable = from, from + step, … below `to`; the last first when reversed. `atLeastOnce`: even where there is none. */
export function range(
  lowering: ExprLowering,
  axis: string | null,
  from: WExpr,
  to: WExpr,
  step: number,
  writes: ReadonlySet<string>,
  build: () => void,
  reverse = false,
  atLeastOnce = false,
): void {
  const { blocks, code } = lowering
  const variable = code.local('i32')
  const end = blocks.bind(to)
  const { statements } = blocks.within('loop', axis, get(variable), writes, build)
  const first = reverse ? op('i32.sub', end, i32(step)) : from
  const next: WStatement = {
    w: 'set',
    local: variable,
    value: op(reverse ? 'i32.sub' : 'i32.add', get(variable), i32(step)),
  }
  const goesOn = reverse ? op('i32.ge_s', get(variable), from) : op('i32.lt_s', get(variable), end)
  blocks.append({ w: 'set', local: variable, value: first })
  const body: WStatement = { w: 'loop', body: [...statements, next], again: goesOn }
  const surely = atLeastOnce || (from.w === 'i32' && end.w === 'i32' && from.value < end.value)
  blocks.append(surely ? body : { w: 'if', when: goesOn, then: [body], otherwise: [] })
}
