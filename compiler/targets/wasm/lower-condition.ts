/** Conditions, as numbers or as masks of lanes, and what is chosen by them. */
import type { KExpr } from '../../kernel/types.js'
import { walk } from '../../kernel/visit.js'
import { f64, f64x2, get, i32, op } from './code.js'
import { at, type Copy, type Lowering } from './lowering.js'
import type { WExpr, WStatement } from './wasm-ast.js'

const NOTHING: ReadonlySet<string> = new Set()

/** i32 that is 0 or 1, of an expression that does not depend on the vector axis. */
export function conditions(lower: Lowering, expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  return lower.memoised('if', expr, copies, (missing) => buildConditions(lower, expr, missing))
}

function buildConditions(lower: Lowering, expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  switch (expr.k) {
    case 'compare': {
      if (lower.isInteger(expr.left) && lower.isInteger(expr.right))
        return copies.map((copy) =>
          op(
            `i32.${integerComparisons[expr.operator]}`,
            lower.integer(expr.left, copy),
            lower.integer(expr.right, copy),
          ),
        )
      const [a, b] = [lower.numbers(expr.left, copies), lower.numbers(expr.right, copies)]
      return copies.map((_, i) => op(`f64.${comparisons[expr.operator]}`, at(a, i), at(b, i)))
    }
    case 'not':
      return conditions(lower, expr.of, copies).map((when) => op('i32.eqz', when))
    case 'and':
    case 'or': {
      const left = conditions(lower, expr.left, copies)
      return copies.map((copy, i) => {
        const result = lower.code.local('i32')
        lower.blocks.append({ w: 'set', local: result, value: at(left, i) })
        const { statements } = inBranch(lower, () => {
          const [right] = conditions(lower, expr.right, [copy])
          lower.blocks.append({ w: 'set', local: result, value: right ?? i32(0) })
        })
        const when = expr.k === 'and' ? get(result) : op('i32.eqz', get(result))
        lower.blocks.append({ w: 'if', when, then: statements, otherwise: [] })
        return get(result)
      })
    }
    default:
      return lower.numbers(expr, copies).map((value) => op('f64.ne', value, f64(0)))
  }
}

/** All bits of a lane, or none. */
export function masks(lower: Lowering, expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  const [first] = copies
  if (first === undefined) return []
  if (!lower.isVector(expr, first))
    return conditions(lower, expr, copies).map((when) =>
      op('i64x2.splat', op('i64.sub', { w: 'i64', value: 0n }, op('i64.extend_i32_s', when))),
    )
  return lower.memoised('mask', expr, copies, (missing) => buildMasks(lower, expr, missing))
}

function buildMasks(lower: Lowering, expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  switch (expr.k) {
    case 'compare': {
      const [a, b] = [lower.vectors(expr.left, copies), lower.vectors(expr.right, copies)]
      return copies.map((_, i) => op(`f64x2.${comparisons[expr.operator]}`, at(a, i), at(b, i)))
    }
    case 'not':
      return masks(lower, expr.of, copies).map((mask) => op('v128.not', mask))
    case 'and':
    case 'or': {
      const left = masks(lower, expr.left, copies)
      const right = guardedly(lower, () => masks(lower, expr.right, copies))
      return copies.map((_, i) => op(expr.k === 'and' ? 'v128.and' : 'v128.or', at(left, i), at(right, i)))
    }
    default:
      return lower.vectors(expr, copies).map((value) => op('f64x2.ne', value, f64x2(0)))
  }
}

/** What may be out of range in some lanes, whose values are then not used. */
function guardedly<T>(lower: Lowering, build: () => T): T {
  const before = lower.guarded
  lower.guarded = true
  const made = build()
  lower.guarded = before
  return made
}

function inBranch<T>(
  lower: Lowering,
  build: () => T,
): { readonly statements: readonly WStatement[]; readonly value: T } {
  return lower.blocks.within('branch', null, null, NOTHING, build)
}

/** One of two values, by a condition of each copy or of each lane. */
export function lowerSelect(
  lower: Lowering,
  expr: KExpr & { readonly k: 'select' },
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const [first] = copies
  if (first === undefined) return []
  if (!vector || !lower.isVector(expr.when, first)) return uniformSelect(lower, expr, copies, vector)
  const asked = masks(lower, expr.when, copies).map((mask) => lower.blocks.bind(mask))
  const side = (part: KExpr, taken: (mask: WExpr) => WExpr): readonly WExpr[] =>
    isDear(part)
      ? copies.map((copy, i) => whereAny(lower, part, copy, taken(at(asked, i))))
      : guardedly(lower, () => lower.vectors(part, copies))
  if (isZero(expr.otherwise))
    return side(expr.then, (mask) => mask).map((value, i) => op('v128.and', value, at(asked, i)))
  if (isZero(expr.then))
    return side(expr.otherwise, (mask) => op('v128.not', mask)).map((value, i) =>
      op('v128.andnot', value, at(asked, i)),
    )
  const then = side(expr.then, (mask) => mask)
  const otherwise = side(expr.otherwise, (mask) => op('v128.not', mask))
  return copies.map((_, i) => op('v128.bitselect', at(then, i), at(otherwise, i), at(asked, i)))
}

/** A dear value, made only where some lane asks for it. */
function whereAny(lower: Lowering, part: KExpr, copy: Copy, mask: WExpr): WExpr {
  const result = lower.code.local('v128')
  const { statements } = inBranch(lower, () =>
    guardedly(lower, () => {
      const [value] = lower.vectors(part, [copy])
      lower.blocks.append({ w: 'set', local: result, value: value ?? f64x2(0) })
    }),
  )
  lower.blocks.append({ w: 'set', local: result, value: f64x2(0) })
  lower.blocks.append({ w: 'if', when: op('v128.any_true', mask), then: statements, otherwise: [] })
  return get(result)
}

/** One condition for both lanes: the branch not taken is not computed. */
function uniformSelect(
  lower: Lowering,
  expr: KExpr & { readonly k: 'select' },
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const asked = conditions(lower, expr.when, copies)
  const results = copies.map(() => lower.code.local(vector ? 'v128' : 'f64'))
  for (const when of new Set(asked)) {
    // copies that ask the same go one way together
    const asking = results.flatMap((result, i) => (asked[i] === when ? [{ result, copy: at(copies, i) }] : []))
    const own = asking.map(({ copy }) => copy)
    const branch = (part: KExpr): readonly WStatement[] =>
      inBranch(lower, () => {
        const values = vector ? lower.vectors(part, own) : lower.numbers(part, own)
        asking.forEach(({ result }, i) => {
          lower.blocks.append({ w: 'set', local: result, value: at(values, i) })
        })
      }).statements
    const seldom = expr.seldom === true ? { seldom: true as const } : {}
    lower.blocks.append({ w: 'if', when, then: branch(expr.then), otherwise: branch(expr.otherwise), ...seldom })
  }
  return results.map(get)
}

/** All of its bits are 0. */
const isZero = (expr: KExpr): boolean => expr.k === 'num' && Object.is(expr.value, 0)

const integerComparisons = { '==': 'eq', '!=': 'ne', '<': 'lt_s', '<=': 'le_s', '>': 'gt_s', '>=': 'ge_s' } as const

const comparisons = { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' } as const

/** More than a few arithmetic instructions. */
function isDear(expr: KExpr): boolean {
  let dear = false
  walk(expr, (part) => {
    if (part.k === 'call' && !cheapCalls.has(part.fn)) dear = true
    if (part.k === 'reduce' || part.k === 'covariance') dear = true
  })
  return dear
}

const cheapCalls: ReadonlySet<string> = new Set(['abs', 'sqrt', 'round', 'floor', 'ceil', 'min', 'max', 'isNaN'])
