/** Regressions of every kind that the M-step names, of rows or of classes of rows, and classes that covariates tell. */
import type { Draft, RandomModel, Selector } from './draft.js'
import { line, spread } from './families.js'

interface Kind {
  readonly type: string
  /** The density of a row with the linear predictor `eta`. */
  density(eta: string, draft: Draft): string
}

const GAMMA: Kind = {
  type: 'positive',
  density: (eta, draft) =>
    draft.pick('gamma regression', [
      `Gamma(3, 3 / exp(${eta}))`,
      `Exponential(exp(-(${eta})))`,
      `Gamma(2, exp(-(${eta})))`,
    ]),
}

const NEGATIVE_BINOMIAL: Kind = {
  type: 'count',
  density: (eta, draft) => `NegativeBinomial(${draft.pick('size', ['2', '0.7', '5'])}, exp(${eta}))`,
}

/** Of predictors that are not large: brute force takes 1 − Φ from Φ, which has few digits left where it is near 1. */
const PROBIT: readonly Kind[] = [
  { type: 'bool', density: (eta) => `Bernoulli(Phi(0.25 * (${eta})))` },
  { type: 'count', density: (eta) => `Binomial(4, Phi(0.25 * (${eta})))` },
]

export function regressionModel(draft: Draft): RandomModel {
  switch (draft.pick('regression', ['gate', 'cells', 'gamma', 'gamma', 'size', 'size', 'probit', 'probit'] as const)) {
    case 'gate':
      return gate(draft)
    case 'cells':
      return cells(draft)
    case 'gamma':
      return rows(draft, GAMMA)
    case 'size':
      return rows(draft, NEGATIVE_BINOMIAL)
    case 'probit':
      return rows(draft, draft.pick('probit', PROBIT))
  }
}

/** Classes of which each has coefficients of its own, or some of them; and what else tells the class. */
function classes(draft: Draft): readonly Selector[] {
  if (!draft.has('classes of rows')) return []
  draft.consts.push('const K = 2')
  draft.body.push(`latent z ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', 'K')})`)
  second(draft)
  return [{ index: 'z', dim: 'K', latent: true }]
}

/** A class below that of the row, and a number that tells it. */
function second(draft: Draft): void {
  if (!draft.has('second latent')) return
  const z: Selector = { index: 'z', dim: 'K', latent: true }
  draft.body.push(`latent w ~ Categorical(${draft.param('weights', 'simplex', [z], 'w weights', '2')})`)
  draft.datum('v : real[N]')
  const w: Selector = { index: 'w', dim: '2', latent: true }
  draft.body.push(`v[n] ~ Normal(${draft.param('mean', 'real', [w], 'v mean')}, ${spread(draft, 'v', [])})`)
}

function open(draft: Draft): string {
  if (!draft.has('weight')) return 'for n in 1..N {'
  draft.datum('copies : count[N]')
  return 'for n in 1..N weight copies[n] {'
}

function rows(draft: Draft, kind: Kind): RandomModel {
  const by = classes(draft)
  const loop = open(draft)
  draft.datum(`y : ${kind.type}[N]`)
  draft.body.push(`y[n] ~ ${kind.density(line(draft, 'predictor', by), draft)}`)
  return draft.finish(loop)
}

/** Mixtures of experts: covariates tell the class. */
function gate(draft: Draft): RandomModel {
  draft.consts.push('const K = 2')
  draft.datum('x : real[N]')
  const loop = open(draft)
  const part = (key: string, size: string): string => draft.param('coefficient', 'real', [], key, size)
  draft.body.push(
    draft.chance('first class as reference', 0.5)
      ? `latent z ~ Categorical(softmax(concat(0, ${part('gate level', '1')} + ${part('gate slope', '1')} * x[n])))`
      : `latent z ~ Categorical(softmax(${part('gate level', 'K')} + ${part('gate slope', 'K')} * x[n]))`,
  )
  second(draft)
  const z: Selector = { index: 'z', dim: 'K', latent: true }
  draft.datum('y : real[N]')
  draft.body.push(`y[n] ~ Normal(${line(draft, 'expert', [z])}, ${spread(draft, 'expert', [z])})`)
  return draft.finish(loop)
}

/** Cells of a category by a multinomial logit. */
function cells(draft: Draft): RandomModel {
  const by = classes(draft)
  const loop = open(draft)
  draft.datum('y : category[N]')
  draft.datum('x : real[N]')
  const own = by.filter(() => draft.chance('levels by class', 0.6))
  const level = draft.param('coefficient', 'real', own, 'cell level', 'levels(y)')
  const slope = draft.param('coefficient', 'real', [], 'cell slope', 'levels(y)')
  draft.body.push(
    `y[n] ~ Categorical(${draft.pick('link', [`logit = ${level} + ${slope} * x[n]`, `softmax(${level} + ${slope} * x[n])`])})`,
  )
  return draft.finish(loop)
}
