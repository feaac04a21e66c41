/**
 * Profiling: where a scale or rate v has its mode in closed form given a shape u, and u needs a root given v, the two go
 * round each other. With v at its best value for each u, Q is a function of u alone, and v follows: the two are then at
 * their joint maximum in one go. A shape may have several scales, each in its branch of an `if`.
 */
import { mul, ONE } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { paramsRead } from './contributions.js'
import type { Contribution, GeneralisedGammaStep, MStep, Profile, StationaryStep } from './types.js'

/**
 * Steps with each one-dimensional one profiled over the scales that it goes round with. A log v + B v^p with A = α u + α₀
 * has its maximum A/p (log(−A/(p B)) − 1) at v^p = −A/(p B).
 */
export function profileScales(steps: readonly MStep[]): readonly MStep[] {
  return steps.map((s): MStep => {
    if (s.kind !== 'stationary') return s
    let made = s
    for (const g of steps)
      if (g.kind === 'generalised-gamma' && made.dependsOn.includes(g.id) && g.dependsOn.includes(s.id))
        made = profiled(made, g) ?? made
    return made
  })
}

function profiled(s: StationaryStep, g: GeneralisedGammaStep): StationaryStep | null {
  if (g.link !== 'identity' || g.spread !== null) return null
  const [u, v] = [s.id, g.id]
  if (paramsRead(g.powers).includes(u)) return null
  const linear: Contribution[] = []
  const constant: Contribution[] = []
  for (const c of g.logs) {
    const rest = withoutFactor(c, u)
    if (rest === null) constant.push(c)
    else if (reads(rest.value, u)) return null
    else linear.push(rest)
  }
  if (linear.length === 0 || constant.some((c) => reads(c.value, u))) return null
  const terms = s.terms.flatMap((t) => {
    const kept = t.coefficients.filter((c) => !reads(c.value, v))
    return kept.length === 0 ? [] : [{ ...t, coefficients: kept }]
  })
  // what reads v must be the u log v that the profile stands for
  for (const t of s.terms)
    for (const c of t.coefficients)
      if (reads(c.value, v) && !(t.value.kind === 'index' && isLogTimes(c, v))) return null
  const own: Profile = { param: v, power: g.power, linear, constant, powers: g.powers }
  const profiles = [...s.profiles, own]
  const read = profiles.flatMap(contributionsOf)
  if (profiles.some(({ param }) => paramsRead(read).includes(param))) return null
  return {
    ...s,
    rule: 'profiled',
    closedForm: false,
    terms,
    profiles,
    dependsOn: [...new Set(paramsRead([...terms.flatMap((t) => t.coefficients), ...read]))],
  }
}

const contributionsOf = ({ linear, constant, powers }: Profile): readonly Contribution[] => [
  ...linear,
  ...constant,
  ...powers,
]

const reads = (e: Expr, param: string): boolean =>
  some(e, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'shift') && n.name === param)

const factorsOf = (e: Expr): readonly Expr[] => (e.kind === 'mul' ? e.factors : [e])

const isElement = (e: Expr, param: string, at: readonly Expr[]): boolean =>
  e.kind === 'ref' && e.space === 'param' && e.name === param && e.index.map(keyOf).join() === at.map(keyOf).join()

/** The contribution without one factor `param[at]`, the element at which it is added; null where it has none. */
function withoutFactor(c: Contribution, param: string): Contribution | null {
  const factors = factorsOf(c.value)
  const i = factors.findIndex((f) => isElement(f, param, c.at))
  if (i < 0) return null
  const rest = factors.filter((_, j) => j !== i)
  return { ...c, value: rest.length === 0 ? ONE : mul(...rest) }
}

/** coefficient · log param[at], read in no other way. */
function isLogTimes(c: Contribution, param: string): boolean {
  const own = factorsOf(c.value).filter((f) => reads(f, param))
  const [log] = own
  const [argument] = log?.kind === 'call' && log.fn === 'log' ? log.args : []
  return own.length === 1 && argument !== undefined && isElement(argument, param, c.at)
}
