import type { Axis } from '../../kernel/types.js'
import { get, i32, op } from './code.js'
import { type Lowering, NO_COPY } from './lowering.js'
import type { WExpr, WStatement } from './wasm-ast.js'

/** Loops of so few steps are written out. */
const WRITTEN_OUT = 8
/** The same for loops over states, at each step of a recurrence. */
const STATES_WRITTEN_OUT = 8

/** Nodes of an expression, times how often they are written, beyond which loops stay loops. */
const MOST_WRITTEN = 600
const STATES_MOST_WRITTEN = 6400

/** A kernel that has named so many values takes longer to write and to compile than long loops would save. */
const LONG = 2000
/** Steps and nodes from there on. */
const LATER_WRITTEN_OUT = 2
const LATER_MOST_WRITTEN = 60

export const writtenOut = (lowering: Lowering): number => limits(lowering).steps

function limits({ inScan, code }: Lowering): { readonly steps: number; readonly nodes: number } {
  if (inScan) return { steps: STATES_WRITTEN_OUT, nodes: STATES_MOST_WRITTEN }
  if (code.length > LONG) return { steps: LATER_WRITTEN_OUT, nodes: LATER_MOST_WRITTEN }
  return { steps: WRITTEN_OUT, nodes: MOST_WRITTEN }
}

/** A loop of so many steps is written out: it is short, and so is what has been written out around it. */
function isWrittenOut(lowering: Lowering, size: number): boolean {
  const { steps, nodes } = limits(lowering)
  return size <= steps && (size <= 1 || size * lowering.written <= nodes)
}

/** Nested loops, outermost first; `build` fills the innermost body. */
export function loops(lowering: Lowering, axes: readonly Axis[], writes: ReadonlySet<string>, build: () => void): void {
  const [axis, ...rest] = axes
  if (axis === undefined) build()
  else loop(lowering, axis, writes, () => loops(lowering, rest, writes, build))
}

/** A loop over all values of an axis. */
export function loop(
  lowering: Lowering,
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
  const size = lowering.size(axis.size)
  if (isWrittenOut(lowering, size) && !reverse) {
    const before = lowering.written
    lowering.written *= Math.max(1, size)
    for (let value = 0; value < size; value++) fixed(lowering, axis.id, value, writes, build)
    lowering.written = before
    return
  }
  range(lowering, axis.id, i32(0), i32(size), 1, writes, build, reverse)
}

/** The body with an axis at one value. */
export function fixed(
  lowering: Lowering,
  axis: string,
  value: number,
  writes: ReadonlySet<string>,
  build: () => void,
): void {
  const { statements } = lowering.blocks.within('once', axis, i32(value), writes, build)
  for (const statement of statements) lowering.blocks.append(statement)
}

/** variable = from, from + step, … below `to`; the last first when reversed. `atLeastOnce`: even where there is none. */
export function range(
  lowering: Lowering,
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
