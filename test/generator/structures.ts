/** Models whose latents are chains, numbers or counts, and values that are not seen whole. */
import type { Draft, RandomModel, Selector } from './draft.js'
import { FAMILIES, type FamilyName, spread } from './families.js'

const EMISSIONS: readonly FamilyName[] = [
  'normal',
  'poisson',
  'bernoulli',
  'categorical',
  'exponential',
  'geometric',
  'gamma',
]

/** A discrete chain, or two of them: sequences, order, classes of sequences. */
export function chainModel(draft: Draft): RandomModel {
  const classes = draft.has('classes of sequences')
  const sequences = classes || draft.has('several sequences')
  const second = draft.has('second order')
  const pair = !second && draft.has('second chain')
  draft.consts.push('const S = 2')
  const by: readonly Selector[] = classes ? [{ index: 'c', dim: '2', latent: true }] : []
  if (classes) draft.body.push(`latent c ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', '2')})`)
  const state = (at: string): Selector => ({ index: `z[${at}]`, dim: 'S', latent: true })
  const step = (key: string, from: readonly Selector[], states = 'S'): string =>
    draft.param('weights', 'simplex', [...(draft.chance(`${key} by class`, 0.7) ? by : []), ...from], key, states)
  draft.body.push(`latent z[1] ~ Categorical(${step('first', [])})`)
  if (second) {
    draft.body.push(`latent z[2] ~ Categorical(${step('second', [state('1')])})`)
    draft.body.push(`for t in 3..T { latent z[t] ~ Categorical(${step('step', [state('t-2'), state('t-1')])}) }`)
  } else draft.body.push(`for t in 2..T { latent z[t] ~ Categorical(${step('step', [state('t-1')])}) }`)
  const readers: Selector[] = [state('t')]
  if (pair) {
    const other = (at: string): Selector => ({ index: `w[${at}]`, dim: '2', latent: true })
    draft.body.push(`latent w[1] ~ Categorical(${step('first w', [], '2')})`)
    const coupled = draft.chance('coupled', 0.4) ? [state('t')] : []
    draft.body.push(`for t in 2..T { latent w[t] ~ Categorical(${step('step w', [...coupled, other('t-1')], '2')}) }`)
    readers.push(other('t'))
  }
  if (draft.chance('emission by class', 0.3)) readers.unshift(...by)
  const family = FAMILIES[draft.pick('family', EMISSIONS)]
  const missing = draft.has('missing cells') ? '?' : ''
  // lists of rows would need the loop of rows that these have not
  const text = family.text(plainReader(draft), 'emission', readers, 'y')
  draft.datum(`y : ${family.type}${missing}${sequences ? '[R][T]' : '[T]'}`)
  draft.body.push(`for t in 1..T { y[${sequences ? 'r, ' : ''}t] ~ ${text} }`)
  return draft.finish(sequences ? 'for r in 1..R {' : null)
}

/** A draft whose families read no column by row n. */
function plainReader(draft: Draft): Draft {
  const own = Object.create(draft) as Draft
  own.has = (feature, name) => (feature === 'regression' ? false : draft.has(feature, name))
  own.chance = (name, p) => (/exposure/.test(name) ? false : /total/.test(name) ? true : draft.chance(name, p))
  return own
}

/** Numbers that are latent for each group: intercepts, slopes, levels of a chain; under a link by nodes. */
export function interceptsModel(draft: Draft): RandomModel {
  draft.datum('group : category[N]')
  const sd = (key: string): string => draft.param('sd', 'positive', [], key)
  draft.before.push('for g in levels(group) {', `  latent u[g] ~ Normal(0, ${sd('group spread')})`)
  const slopes = draft.chance('slopes', 0.35)
  if (slopes) draft.before.push(`  latent v[g] ~ Normal(0, ${sd('slope spread')})`)
  draft.before.push('}')
  draft.datum('x : real[N]')
  const fixed = `${draft.param('coefficient', 'real', [], 'intercept')} + ${draft.param('coefficient', 'real', [], 'slope')} * x[n]`
  const line = `${fixed} + u[group[n]]${slopes ? ' + v[group[n]] * x[n]' : ''}`
  const link = !slopes && draft.has('link function')
  if (link) {
    const count = draft.chance('counts', 0.5)
    draft.datum(`y : ${count ? 'count' : 'bool'}[N]`)
    draft.body.push(`y[n] ~ ${count ? 'Poisson(log' : 'Bernoulli(logit'} = ${line})`)
    return draft.finish('for n in 1..N {')
  }
  const missing = draft.has('missing cells') ? '?' : ''
  draft.datum(`y : real${missing}[N]`)
  draft.body.push(`y[n] ~ Normal(${line}, ${spread(draft, 'noise', [])})`)
  return draft.finish('for n in 1..N {')
}

/** A level that moves in time. */
export function levelModel(draft: Draft): RandomModel {
  const missing = draft.has('missing cells') ? '?' : ''
  draft.datum(`y : real${missing}[T]`)
  const pull = draft.chance('pulled back', 0.3) ? `${draft.param('coefficient', 'real', [], 'pull')} * ` : ''
  draft.before.push(
    `latent m[1] ~ Normal(${draft.param('mean', 'real', [], 'first')}, 3)`,
    `for t in 2..T { latent m[t] ~ Normal(${pull}m[t-1], ${spread(draft, 'level', [])}) }`,
    `for t in 1..T { y[t] ~ Normal(m[t], ${spread(draft, 'noise', [])}) }`,
  )
  return draft.finish(null)
}

/** Factors of each row, in classes or not. */
export function factorsModel(draft: Draft): RandomModel {
  const classes = draft.has('classes of rows')
  const by: readonly Selector[] = classes ? [{ index: 'z', dim: 'K', latent: true }] : []
  if (classes) {
    draft.consts.push('const K = 2')
    draft.body.push(`latent z ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', 'K')})`)
  }
  const vector = draft.has('vector latent')
  draft.consts.push(`const Q = ${vector ? 2 : 1}`)
  const some = by.filter(() => draft.chance('loadings by class', 0.6))
  const loadings = `W${some.length > 0 ? '[z]' : ''}`
  draft.params.push(`param W : real[${some.length > 0 ? 'K, ' : ''}D, Q]`)
  const missing = draft.has('missing cells') ? '?' : ''
  draft.datum(`y : real${missing}[N, D]`)
  const mean = draft.param('mean', 'real', by, 'mean', 'D')
  const noise = spread(draft, 'noise', [], draft.chance('noise by column', 0.6) ? 'D' : '')
  draft.body.push('latent f : real[Q] ~ Normal(0, 1)', `y[n] ~ Normal(${mean} + ${loadings} * f, ${noise})`)
  return draft.finish('for n in 1..N {')
}

interface Conjugate {
  readonly latent: string
  readonly type: string
  readonly observed: string
}

/** A latent of each row whose posterior is a family that its prior is of. */
export function conjugateModel(draft: Draft): RandomModel {
  const classes = draft.has('classes of rows')
  const by: readonly Selector[] = classes ? [{ index: 'z', dim: 'K', latent: true }] : []
  if (classes) {
    draft.consts.push('const K = 2')
    draft.body.push(`latent z ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', 'K')})`)
  }
  const shape = (key: string, core = ''): string => draft.param('shape', 'positive', by, key, core)
  const kinds: readonly (() => Conjugate)[] = [
    () => ({ latent: `theta ~ Gamma(${shape('a')}, ${shape('b')})`, type: 'count', observed: 'Poisson(theta)' }),
    () => ({ latent: `theta ~ Gamma(${shape('a')}, ${shape('b')})`, type: 'positive', observed: 'Exponential(theta)' }),
    () => ({ latent: `theta ~ Beta(${shape('a')}, ${shape('b')})`, type: 'bool', observed: 'Bernoulli(theta)' }),
    () => ({ latent: `theta ~ Beta(${shape('a')}, ${shape('b')})`, type: 'count', observed: 'Geometric(theta)' }),
    () => ({ latent: `theta ~ Beta(${shape('a')}, ${shape('b')})`, type: 'count', observed: 'Binomial(5, theta)' }),
    () => ({
      latent: `theta ~ InverseGamma(${shape('a')}, ${shape('b')})`,
      type: 'real',
      observed: `Normal(${draft.param('mean', 'real', [], 'mean')}, var=theta)`,
    }),
    () => ({
      latent: `theta ~ Gamma(${shape('a')}, ${shape('b')})`,
      type: 'real',
      observed: `Normal(${draft.param('mean', 'real', by, 'mean')}, precision=theta)`,
    }),
    () => ({
      latent: `theta ~ Normal(${draft.param('mean', 'real', by, 'mean')}, ${draft.param('sd', 'positive', [], 'spread')})`,
      type: 'real',
      observed: `Normal(theta, ${draft.param('sd', 'positive', [], 'noise')})`,
    }),
    () => ({
      latent: `theta ~ LogNormal(${draft.param('mean', 'real', by, 'mean')}, ${draft.param('sd', 'positive', [], 'spread')})`,
      type: 'positive',
      observed: `LogNormal(log(theta), ${draft.param('sd', 'positive', [], 'noise')})`,
    }),
  ]
  const { latent, type, observed } = draft.pick('conjugate', kinds)()
  draft.body.push(`latent ${latent}`)
  if (draft.has('repeated measures')) {
    const missing = draft.has('missing cells') ? '?' : ''
    draft.datum(`y : ${type}${missing}[N, J]`)
    draft.body.push(`for j in 1..J { y[n, j] ~ ${observed} }`)
  } else {
    draft.datum(`y : ${type}[N]`)
    draft.body.push(`y[n] ~ ${observed}`)
  }
  return draft.finish('for n in 1..N {')
}

/** Probabilities of each row that are latent. */
export function membershipModel(draft: Draft): RandomModel {
  draft.datum('y : category(Choice)[N, J]')
  const a = draft.param('shape', 'positive', [], 'a', 'Choice')
  draft.body.push(`latent t : simplex[Choice] ~ Dirichlet(${a})`, 'for j in 1..J { y[n, j] ~ Categorical(t) }')
  return draft.finish('for n in 1..N {')
}

/** Counts and numbers of which a sum is observed. */
export function sumsModel(draft: Draft): RandomModel {
  const kind = draft.pick('summands', ['Poisson', 'Binomial', 'Normal'] as const)
  const column = draft.chance('by column', 0.5)
  if (column && kind !== 'Binomial') draft.datum('x : positive[N]')
  const times = column ? ' * x[n]' : ''
  const rate = (key: string): string => draft.param('rate', 'positive', [], key)
  const chance = (key: string): string => draft.param('probability', 'unit', [], key)
  const real = (key: string): string => draft.param('mean', 'real', [], key)
  draft.datum(kind === 'Normal' ? 'y : real[N]' : 'y : count[N]')
  switch (kind) {
    case 'Poisson':
      draft.body.push(`latent u ~ Poisson(${rate('u')})`, `latent v ~ Poisson(${rate('v')}${times})`)
      break
    case 'Binomial':
      draft.body.push(`latent u ~ Binomial(4, ${chance('u')})`, `latent v ~ Binomial(3, ${chance('v')})`)
      break
    case 'Normal':
      draft.body.push(`latent u ~ Normal(${real('u')}, ${draft.param('sd', 'positive', [], 'u spread')})`)
      draft.body.push(`latent v ~ Normal(${real('v')}${times}, ${draft.param('sd', 'positive', [], 'v spread')})`)
  }
  draft.body.push('observe y[n] = u + v')
  return draft.finish('for n in 1..N {')
}

/** Values of which only a side is known, or that are seen within bounds only; in classes or not. */
export function tailsModel(draft: Draft): RandomModel {
  const classes = draft.has('classes of rows')
  const by: readonly Selector[] = classes ? [{ index: 'z', dim: '2', latent: true }] : []
  if (classes) draft.body.push(`latent z ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', '2')})`)
  const rate = (key: string): string => draft.param('rate', 'positive', by, key)
  const sd = (key: string): string => draft.param('sd', 'positive', [], key)
  const [type, text, bounds] = draft.pick('whole', [
    ['real', () => `Normal(${draft.param('mean', 'real', by, 'mean')}, ${sd('spread')})`, 'low=-3, high=4'],
    ['positive', () => `Exponential(${rate('rate')})`, 'low=0.1, high=6'],
    [
      'positive',
      () => `Weibull(${draft.param('shape', 'positive', [], 'shape')}, ${rate('scale')})`,
      'low=0.05, high=8',
    ],
    ['positive', () => `LogNormal(${draft.param('mean', 'real', by, 'mean')}, ${sd('spread')})`, 'low=0.05, high=9'],
    ['count', () => `Poisson(${rate('rate')})`, 'low=0, high=9'],
  ] as const)
  draft.datum(`y : ${type}[N]`)
  const whole = text()
  if (draft.chance('truncated', 0.5)) draft.body.push(`y[n] ~ Truncated(${whole}, ${bounds})`)
  else {
    draft.datum('seen : bool[N]')
    draft.body.push(`if seen[n] { y[n] ~ ${whole} }`, `else { y[n] ~ Censored(${whole}, above) }`)
  }
  return draft.finish('for n in 1..N {')
}

/** A vector with missing cells, in classes or not; or measurements with known errors. */
export function vectorsModel(draft: Draft): RandomModel {
  if (draft.has('data with errors')) {
    draft.datum('y : real[N]')
    draft.datum('se : positive[N]')
    draft.body.push(
      `latent theta ~ Normal(${draft.param('mean', 'real', [], 'mean')}, ${draft.param('sd', 'positive', [], 'spread')})`,
      'y[n] ~ Normal(theta, se[n])',
    )
    return draft.finish('for n in 1..N {')
  }
  const classes = draft.has('classes of rows')
  const by: readonly Selector[] = classes ? [{ index: 'z', dim: '2', latent: true }] : []
  if (classes) draft.body.push(`latent z ~ Categorical(${draft.param('weights', 'simplex', [], 'class weights', '2')})`)
  const missing = draft.has('missing cells') ? '?' : ''
  draft.datum(`y : real${missing}[N, D]`)
  const mean = draft.param('mean', 'real', by, 'mean', 'D')
  const own = by.filter(() => draft.chance('matrix by class', 0.5))
  draft.body.push(`y[n] ~ MvNormal(${mean}, ${draft.param('covariance', 'covariance', own, 'covariance', 'D')})`)
  return draft.finish('for n in 1..N {')
}
