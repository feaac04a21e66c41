/**
 * Values that are made alike, one instruction of each after another: they share what is loaded for an instruction, such as
 * a constant that has no register, and an engine that keeps the order of instructions has work while one waits.
 */
import { type Code, get, isAtom, typeOf } from './code.js'
import type { WExpr, WStatement } from './wasm-ast.js'

/** Values that `builds` make, in lockstep where each is a list of as many assignments, else one after another. */
export function inLockstep(code: Code, builds: readonly (() => WExpr)[]): readonly WExpr[] {
  const made = builds.map((build) => {
    let value: WExpr | null = null
    const statements = code.block(() => {
      value = build()
    })
    return { value, steps: builds.length > 1 ? singleSteps(code, statements) : null, statements }
  })
  const length = made[0]?.steps?.length
  const lists = made.flatMap(({ steps }) => (steps === null || steps.length !== length ? [] : [steps]))
  if (length === undefined || lists.length < made.length)
    for (const { statements } of made) for (const s of statements) code.emit(s)
  else
    for (let i = 0; i < length; i++)
      for (const steps of lists) {
        const step = steps[i]
        if (step !== undefined) code.emit(step)
      }
  return made.flatMap(({ value }) => (value === null ? [] : [value]))
}

/** The same with an instruction a statement; null where there is more than assignments. */
function singleSteps(code: Code, statements: readonly WStatement[]): readonly WStatement[] | null {
  const steps: WStatement[] = []
  const single = (e: WExpr): WExpr => (e.w === 'op' ? { ...e, args: e.args.map(named) } : e)
  const named = (e: WExpr): WExpr => {
    if (isAtom(e)) return e
    const value = single(e)
    const local = code.local(typeOf(value))
    steps.push({ w: 'set', local, value })
    return get(local)
  }
  for (const s of statements) {
    if (s.w !== 'set') return null
    steps.push({ ...s, value: single(s.value) })
  }
  return steps
}
