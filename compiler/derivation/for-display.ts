/** Small changes of form that only the page needs. */
import {
  add,
  bothOf,
  caseOf,
  isOne,
  isZero,
  log,
  mul,
  num,
  ONE,
  PI,
  pow,
  splitCoefficient,
  TRUE,
} from '../algebra/build.js'
import { splitContent } from '../algebra/content.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import { conjuncts } from './conditions.js'
import type { Facts } from './facts.js'
import { simplify } from './simplify.js'

/** [t = 1 and i = j] as [t = 1] [i = j], so that a diagonal can be seen. */
const diagonalApart = (e: Expr): Expr =>
  rewrite(e, (n) => {
    if (n.kind !== 'case' || !isOne(n.then) || !isZero(n.otherwise) || n.when.kind !== 'and') return n
    const all = conjuncts(n.when)
    const own = all.filter(
      (g) => g.kind === 'compare' && g.operator === '==' && g.left.kind === 'index' && g.right.kind === 'index',
    )
    const [first] = own
    if (first === undefined || own.length > 1) return n
    const rest = all.filter((g) => g !== first).reduce<Guard>((a, g) => bothOf(a, g), TRUE)
    return mul(caseOf(rest, ONE), caseOf(first, ONE))
  })

/** Simplified, with conditions as indicators in front of what they let through, and differences as data less the rest. */
export const tidied = (e: Expr, facts: Facts): Expr =>
  diagonalApart(dataFirst(simplify(conditionsAsIndicators(e), facts)))

/** {e if c, else 0} as [c] e. */
export const conditionsAsIndicators = (e: Expr): Expr =>
  rewrite(e, (n) => (n.kind === 'case' && isZero(n.otherwise) && !isOne(n.then) ? mul(caseOf(n.when, ONE), n.then) : n))

/** −[c] (m − x_n) as [c] (x_n − m). */
const dataFirst = (e: Expr): Expr =>
  rewrite(e, (n) => {
    if (n.kind !== 'mul') return n
    const { number, factors } = splitContent(n.factors)
    if (factors.length < 2) return mul(number, ...factors)
    const leads = factors.map(leadingNumber)
    return mul(number, ...leads, ...factors.map((f, i) => mul(pow(leads[i] ?? ONE, -1), f)))
  })

/** ⅛ of ⅛ y − 145/2, which is ⅛ (y − 580): the number before the first term, where a constant and the others are whole multiples of it. */
function leadingNumber(e: Expr): Expr {
  if (e.kind !== 'add') return ONE
  const parts = e.terms.map(splitCoefficient)
  const lead = parts.find((p) => p.rest !== null)?.coefficient
  if (lead?.kind !== 'num' || parts.every((p) => p.rest !== null)) return ONE
  const size = num(Math.abs(lead.value.n), lead.value.d)
  const whole = parts.every((p) => {
    const ratio = mul(p.coefficient, pow(size, -1))
    return ratio.kind === 'num' && ratio.value.d === 1
  })
  return whole ? size : ONE
}

/** The terms of a sum in log 2π as one, with a coefficient multiplied out: those of a Normal and of its integral cancel. */
export function volumesJoined(e: Expr): Expr {
  if (e.kind !== 'add') return e
  const volume = keyOf(log(mul(num(2), PI)))
  const factorsOf = (t: Expr): readonly Expr[] => (t.kind === 'mul' ? t.factors : [t])
  const own = e.terms.filter((t) => factorsOf(t).some((f) => keyOf(f) === volume))
  const coefficient = add(...own.map((t) => mul(...factorsOf(t).filter((f) => keyOf(f) !== volume))))
  return add(...e.terms.filter((t) => !own.includes(t)), mul(coefficient, log(mul(num(2), PI))))
}
