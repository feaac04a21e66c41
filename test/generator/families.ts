/** Distributions of one number, as text over params that a draft declares. */
import type { Draft, Selector } from './draft.js'

export interface Family {
  /** Declared type of the data. */
  readonly type: string
  /** Whether its cells may be missing without further ado. */
  readonly optional: boolean
  /** Another distribution of the family may stand beside it, in an `if` or a mixture. */
  readonly simple: boolean
  /** Its M-step is numerical, or a root. */
  readonly numeric: boolean
  /** A distribution of the data `name`. */
  text(draft: Draft, key: string, by: readonly Selector[], name: string): string
}

const latents = (by: readonly Selector[]): readonly Selector[] => by.slice(0, 1).filter((s) => s.latent)

const family = (
  type: string,
  text: Family['text'],
  { optional = true, simple = true, numeric = false }: Partial<Pick<Family, 'optional' | 'simple' | 'numeric'>> = {},
): Family => ({ type, optional, simple, numeric, text })

/** A number in a distribution with a location and a spread of its own kind. */
const location = (draft: Draft, key: string, by: readonly Selector[]): string =>
  draft.has('regression', `regression ${key}`) ? line(draft, key, by) : draft.param('mean', 'real', by, `${key} mean`)

/** intercept + slope · x, either of them shared or by selector; or a dot product. */
export function line(draft: Draft, key: string, by: readonly Selector[]): string {
  if (draft.chance(`${key} dot`, 0.3)) {
    draft.datum('u : real[N, P]')
    return `dot(${draft.param('coefficient', 'real', by, `${key} beta`, 'P')}, u[n])`
  }
  draft.datum('x : real[N]')
  const part = (what: string): string => {
    const own = by.filter((s) => draft.chance(`${key} ${what} by ${s.index}`, 0.7))
    return draft.param('coefficient', 'real', own, `${key} ${what}`)
  }
  return `${part('intercept')} + ${part('slope')} * x[n]`
}

/** `sd`, `var=` or `precision=` with a param that at most one selector picks. */
export function spread(draft: Draft, key: string, by: readonly Selector[], core = ''): string {
  const some = by.filter((s) => s.latent && draft.chance(`${key} spread by ${s.index}`, 0.6)).slice(0, 1)
  const form = draft.pick(`${key} spread`, ['sd', 'sd', 'variance', 'precision'] as const)
  const text = draft.param(form, 'positive', some, `${key} spread`, core)
  return form === 'sd' ? text : form === 'variance' ? `var=${text}` : `precision=${text}`
}

function exposure(draft: Draft): string {
  draft.datum('exposure : positive[N]')
  return 'exposure[n]'
}

const mean = (d: Draft, key: string, by: readonly Selector[]): string => d.param('mean', 'real', by, `${key} mean`)
const rate = (d: Draft, key: string, by: readonly Selector[]): string => d.param('rate', 'positive', by, `${key} rate`)
const shape = (d: Draft, key: string, by: readonly Selector[], own = 'shape'): string =>
  d.param('shape', 'positive', by, `${key} ${own}`)
const scale = (d: Draft, key: string, by: readonly Selector[]): string =>
  d.param('sd', 'positive', latents(by), `${key} spread`)

export const FAMILIES = {
  normal: family('real', (d, key, by) => `Normal(${location(d, key, by)}, ${spread(d, key, by)})`),
  logNormal: family('positive', (d, key, by) => `LogNormal(${location(d, key, by)}, ${scale(d, key, by)})`),
  bernoulli: family('bool', (d, key, by) => `Bernoulli(${d.param('probability', 'unit', by, `${key} p`)})`),
  geometric: family('count', (d, key, by) => `Geometric(${d.param('probability', 'unit', by, `${key} p`)})`),
  binomial: family(
    'count',
    (d, key, by) => {
      const fixed = d.chance(`${key} total`, 0.5)
      if (!fixed) d.datum('trials : count[N]')
      return `Binomial(${fixed ? '6' : 'trials[n]'}, ${d.param('probability', 'unit', by, `${key} p`)})`
    },
    { simple: false },
  ),
  categorical: family(
    'category',
    (d, key, by, name) => `Categorical(${d.param('weights', 'simplex', by, `${key} cells`, `levels(${name})`)})`,
    { simple: false },
  ),
  poisson: family('count', (d, key, by) =>
    d.chance(`${key} exposure`, 0.3) ? `Poisson(${exposure(d)} * ${rate(d, key, by)})` : `Poisson(${rate(d, key, by)})`,
  ),
  exponential: family('positive', (d, key, by) => `Exponential(${rate(d, key, by)})`),
  gamma: family('positive', (d, key, by) => `Gamma(${d.pick(`${key} shape`, ['2', '0.5', '3'])}, ${rate(d, key, by)})`),
  halfNormal: family('nonnegative', (d, key, by) => `HalfNormal(${d.param('sd', 'positive', by, `${key} spread`)})`),
  inverseGamma: family('positive', (d, key, by) => `InverseGamma(3, ${rate(d, key, by)})`),
  laplace: family(
    'real',
    (d, key, by) =>
      `Laplace(${d.param('median', 'real', by, `${key} median`)}, ${d.param('sd', 'positive', by.slice(0, 1), `${key} scale`)})`,
    { optional: false, simple: false },
  ),
  pareto: family('positive', (d, key, by, name) => `Pareto(${shape(d, key, by)}, min(${name}))`, {
    optional: false,
    simple: false,
  }),
  uniform: family('unit', () => 'Uniform(0, 1)', { simple: false }),
  gammaShape: family('positive', (d, key, by) => `Gamma(${shape(d, key, by)}, ${rate(d, key, by)})`, {
    optional: false,
    numeric: true,
  }),
  logit: family('bool', (d, key, by) => `Bernoulli(logit=${line(d, key, by)})`, { optional: false, numeric: true }),
  logRate: family('count', (d, key, by) => `Poisson(log=${line(d, key, by)})`, { optional: false, numeric: true }),
  beta: family('unit', (d, key, by) => `Beta(${shape(d, key, by, 'a')}, ${shape(d, key, by, 'b')})`, {
    optional: false,
    numeric: true,
  }),
  betaBinomial: family(
    'count',
    (d, key, by) => `BetaBinomial(6, ${shape(d, key, by, 'a')}, ${shape(d, key, by, 'b')})`,
    { optional: false, simple: false, numeric: true },
  ),
  negativeBinomial: family(
    'count',
    (d, key, by) => `NegativeBinomial(${shape(d, key, latents(by), 'size')}, ${rate(d, key, by)})`,
    { optional: false, numeric: true },
  ),
  weibull: family('positive', (d, key, by) => `Weibull(${shape(d, key, by)}, ${rate(d, key, by)})`, {
    optional: false,
    numeric: true,
  }),
  studentT: family('real', (d, key, by) => `StudentT(4, ${mean(d, key, by)}, ${scale(d, key, by)})`, {
    optional: false,
    numeric: true,
  }),
  logistic: family('real', (d, key, by) => `Logistic(${mean(d, key, by)}, ${scale(d, key, by)})`, {
    optional: false,
    numeric: true,
  }),
  cauchy: family('real', (d, key, by) => `Cauchy(${mean(d, key, by)}, ${scale(d, key, by)})`, {
    optional: false,
    numeric: true,
  }),
  vonMises: family('real', (d, key, by) => `VonMises(${mean(d, key, by)}, ${rate(d, key, latents(by))})`, {
    optional: false,
    numeric: true,
  }),
  ordinal: family(
    'category',
    (d, key, by, name) =>
      `Ordinal(${line(d, key, by)}, ${d.param('cuts', 'ordered', [], `${key} cuts`, `levels(${name}) - 1`)})`,
    { optional: false, simple: false, numeric: true },
  ),
} as const satisfies Record<string, Family>

export type FamilyName = keyof typeof FAMILIES

const names = Object.keys(FAMILIES) as readonly FamilyName[]
/** Normal more often: it is in more models than any other. */
export const CLOSED: readonly FamilyName[] = ['normal', 'normal', ...names.filter((n) => !FAMILIES[n].numeric)]
export const NUMERIC: readonly FamilyName[] = names.filter((n) => FAMILIES[n].numeric)
