/**
 * Random models as Estep text. Each decision draws from a stream of its own, named for what it decides, so that leaving
 * one feature out changes nothing else: a model that fails is made smaller by leaving out what the failure does not need.
 */
import { randomSource } from '../../oracle/random.js'

/** What a model may contain. */
export const FEATURES = [
  'row latent',
  'second latent',
  'third latent',
  'bool latent',
  'group latent',
  'group column',
  'inner plate',
  'weight',
  'label',
  'missing cells',
  'priors',
  'if on latents',
  'if on data',
  'mixture density',
  'shared params',
  'second emission',
  'third emission',
  'regression',
  'numeric',
] as const

export type Feature = (typeof FEATURES)[number]

export interface RandomModel {
  readonly seed: number
  readonly text: string
  /** Features that the text contains; those left out are not among them. */
  readonly features: readonly Feature[]
}

/** How often each feature is there, where it can be. */
const CHANCE: Readonly<Record<Feature, number>> = {
  'row latent': 0.85,
  'second latent': 0.4,
  'third latent': 0.35,
  'bool latent': 0.25,
  'group latent': 0.25,
  'group column': 0.35,
  'inner plate': 0.2,
  weight: 0.25,
  label: 0.2,
  'missing cells': 0.3,
  priors: 0.45,
  'if on latents': 0.2,
  'if on data': 0.15,
  'mixture density': 0.15,
  'shared params': 0.25,
  'second emission': 0.5,
  'third emission': 0.3,
  regression: 0.3,
  numeric: 0.15,
}

export function randomModel(seed: number, without: ReadonlySet<Feature> = new Set()): RandomModel {
  return new Generator(seed, without).make()
}

/** Leaves out features as long as the model still fails. */
export function shrink(model: RandomModel, fails: (candidate: RandomModel) => boolean): RandomModel {
  let current = model
  const left = new Set(FEATURES.filter((f) => !model.features.includes(f)))
  for (let again = true; again; ) {
    again = false
    for (const f of current.features) {
      const candidate = randomModel(model.seed, new Set([...left, f]))
      if (!fails(candidate)) continue
      left.add(f)
      current = candidate
      again = true
      break
    }
  }
  return current
}

/** Something that picks a slice of params: its text in an index, and the dimension it runs over. */
interface Selector {
  readonly index: string
  readonly dim: string
  readonly latent: boolean
}

type ParamKind = 'real' | 'positive' | 'unit' | 'simplex' | 'covariance'

/** What a prior is conjugate to, if anything. */
type Role = 'weights' | 'probability' | 'rate' | 'mean' | 'sd' | 'variance' | 'precision' | 'covariance' | 'coefficient'

interface SharedParam {
  readonly role: Role
  readonly text: string
  readonly dims: string
}

class Generator {
  private readonly used = new Set<Feature>()
  private readonly consts: string[] = []
  private readonly data: string[] = []
  private readonly params: string[] = []
  private readonly before: string[] = []
  private readonly body: string[] = []
  private readonly shared: SharedParam[] = []
  private readonly numbers = new Map<string, number>()
  private covariate: string | null = null

  constructor(
    private readonly seed: number,
    private readonly without: ReadonlySet<Feature>,
  ) {}

  make(): RandomModel {
    const k = 2 + this.integer('K', 2)
    this.consts.push(`const K = ${k}`)
    const weight = this.has('weight')
    if (weight) this.data.push('data  copies : count[N]')
    const selectors = [...this.groups(), ...this.rowLatents()]
    this.emissions(selectors)
    if (this.has('inner plate')) this.inner(selectors)
    const loop = weight ? 'for n in 1..N weight copies[n] {' : 'for n in 1..N {'
    const text = [
      `model Random${this.seed}`,
      ...this.consts,
      ...this.data,
      ...this.params,
      ...this.before,
      loop,
      ...this.body.map((l) => `  ${l}`),
      '}',
      '',
    ].join('\n')
    return { seed: this.seed, text, features: FEATURES.filter((f) => this.used.has(f)) }
  }

  // -- decisions -------------------------------------------------------------------------------------------------------

  private stream(name: string): () => number {
    let h = Math.imul(this.seed + 1, 0x9e3779b1)
    for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193)
    return randomSource(h >>> 0)
  }

  private has(feature: Feature, name: string = feature): boolean {
    if (this.without.has(feature) || this.stream(`has ${name}`)() >= CHANCE[feature]) return false
    this.used.add(feature)
    return true
  }

  private chance(name: string, p: number): boolean {
    return this.stream(name)() < p
  }

  private integer(name: string, bound: number): number {
    return Math.floor(this.stream(name)() * bound)
  }

  private pick<T>(name: string, list: readonly T[]): T {
    const found = list[this.integer(name, list.length)]
    if (found === undefined) throw new Error(`nothing to pick for ${name}`)
    return found
  }

  private name(stem: string): string {
    const n = (this.numbers.get(stem) ?? 0) + 1
    this.numbers.set(stem, n)
    return `${stem}${n}`
  }

  // -- latents and columns ---------------------------------------------------------------------------------------------

  private groups(): Selector[] {
    const column = this.has('group column')
    const latent = this.has('group latent')
    if (!column && !latent) return []
    this.data.push('data  site : category[N]')
    const out: Selector[] = []
    if (column) out.push({ index: 'site[n]', dim: 'levels(site)', latent: false })
    if (latent) {
      const p = this.param('weights', 'simplex', [], 'group weights', '2')
      this.before.push('for s in levels(site) {', `  latent h[s] ~ Categorical(${p})`, '}')
      out.push({ index: 'h[site[n]]', dim: '2', latent: true })
    }
    return out
  }

  private rowLatents(): Selector[] {
    const out: Selector[] = []
    if (this.has('label')) {
      const optional = this.has('missing cells', 'missing label') ? '?' : ''
      this.data.push(`data  kind : category${optional}[N]`)
      const p = this.param('weights', 'simplex', [], 'kind weights', 'levels(kind)')
      this.body.push(`kind[n] ~ Categorical(${p})`)
      out.push({ index: 'kind[n]', dim: 'levels(kind)', latent: optional !== '' })
    }
    if (!this.has('row latent')) return out
    const parents = out.filter((s) => s.latent && this.chance('label to z', 0.4))
    const z = this.latent('z', parents, 'K')
    out.push(z)
    if (this.has('second latent')) {
      const w = this.latent('w', this.chance('z to w', 0.6) ? [z] : [], '2')
      out.push(w)
      if (this.has('third latent')) {
        const from = [z, w].filter((s) => this.chance(`${s.index} to v`, 0.6))
        out.push(this.latent('v', from, '2'))
      }
    }
    if (this.has('bool latent')) {
      const on = this.chance('z to b', 0.4) ? [z] : []
      const p = this.param('probability', 'unit', on, 'b probability')
      this.body.push(`latent b ~ Bernoulli(${p})`)
      out.push({ index: 'b + 1', dim: '2', latent: true })
    }
    return out
  }

  private latent(name: string, parents: readonly Selector[], values: string): Selector {
    const uniform = parents.length === 0 && this.chance(`${name} uniform`, 0.1)
    const p = uniform
      ? `[1/${values} for k in 1..${values}]`
      : this.param('weights', 'simplex', parents, `${name} weights`, values)
    this.body.push(`latent ${name} ~ Categorical(${p})`)
    return { index: name, dim: values, latent: true }
  }

  // -- params ----------------------------------------------------------------------------------------------------------

  /** Declares a param picked by the selectors and gives the text that reads it; `core` is its own last dimension. */
  private param(role: Role, kind: ParamKind, by: readonly Selector[], key: string, core = ''): string {
    const dims = [...by.map((s) => s.dim), ...(core === '' ? [] : [core])].join(', ')
    const index = by.map((s) => s.index).join(', ')
    const sharable = this.shared.find((s) => s.role === role && s.dims === `${kind} ${dims} ${index}`)
    if (sharable !== undefined && role !== 'weights' && this.has('shared params', `shared ${key}`)) return sharable.text
    const name = this.name(STEMS[role])
    const prior = this.has('priors', `prior of ${key}`) ? this.prior(role, key) : ''
    this.params.push(`param ${name} : ${kind}${dims === '' ? '' : `[${dims}]`}${prior}`)
    const text = index === '' ? name : `${name}[${index}]`
    this.shared.push({ role, text, dims: `${kind} ${dims} ${index}` })
    return text
  }

  private prior(role: Role, key: string): string {
    const choose = (...list: readonly string[]): string => ` ~ ${this.pick(`prior of ${key}`, list)}`
    switch (role) {
      case 'weights':
        return choose('Dirichlet(2)', 'Dirichlet(1.5)')
      case 'probability':
        return choose('Beta(2, 3)', 'Beta(1.5, 1)')
      case 'rate':
        return choose('Gamma(2, 1)', 'Gamma(3, scale=0.5)')
      case 'mean':
      case 'coefficient':
        return choose('Normal(0, 3)', 'Normal(1, var=4)', 'Normal(0, precision=0.5)')
      case 'sd':
        return choose('InverseGamma(3, 2)', 'Gamma(2, 1)')
      case 'variance':
        return choose('InverseGamma(3, 2)')
      case 'precision':
        return choose('Gamma(2, 1)')
      case 'covariance':
        return choose('InverseWishart(D + 2, identity(D))')
    }
  }

  // -- emissions -------------------------------------------------------------------------------------------------------

  private emissions(all: readonly Selector[]): void {
    this.emission('first', all)
    if (this.has('second emission')) this.emission('second', all)
    if (this.has('third emission')) this.emission('third', all)
  }

  /** Some of the selectors, at least one latent where there is any. */
  private some(key: string, all: readonly Selector[], most = 2): readonly Selector[] {
    const chosen = all.filter((s) => this.chance(`${key} reads ${s.index}`, 0.5))
    const latents = all.filter((s) => s.latent)
    const must = chosen.some((s) => s.latent) || latents.length === 0 ? [] : [this.pick(`${key} must read`, latents)]
    const list = [...must, ...chosen]
    return list.slice(0, most)
  }

  private emission(key: string, all: readonly Selector[]): void {
    const by = this.some(key, all)
    const name = this.name('y')
    const made = this.distribution(key, by, name)
    const optional = made.optional && this.has('missing cells', `missing ${key}`) ? '?' : ''
    const { target } = made
    this.data.push(`data  ${name} : ${made.type}${optional}[${made.dims}]`)
    const left = `${name}[n]`
    const plain = `${left} ~ ${made.text}`
    if (target === 'scalar' && made.simple) {
      const z = by.find((s) => s.index === 'z')
      if (z !== undefined && this.has('if on latents', `if on latents ${key}`)) {
        const other = this.scalar(
          made.family,
          `${key} else`,
          by.filter((s) => s !== z),
          name,
        )
        const condition = this.pick(`${key} condition`, ['z == 1', 'z != 2', 'z > 1'])
        this.body.push(`if ${condition} { ${plain} }`, `else { ${left} ~ ${other} }`)
        return
      }
      if (this.has('if on data', `if on data ${key}`)) {
        if (!this.data.includes('data  flag : bool[N]')) this.data.push('data  flag : bool[N]')
        const other = this.scalar(made.family, `${key} else`, by, name)
        this.body.push(`if flag[n] { ${plain} }`, `else { ${left} ~ ${other} }`)
        return
      }
      if (this.has('mixture density', `mixture ${key}`)) {
        const weights = this.param('weights', 'simplex', [], `mixture weights ${key}`, '2')
        const other = this.scalar(made.family, `${key} else`, by, name)
        this.body.push(`${left} ~ Mixture(${weights}, ${made.text}, ${other})`)
        return
      }
    }
    this.body.push(plain)
  }

  private distribution(key: string, by: readonly Selector[], name: string): Emission {
    const families: readonly Family[] = this.has('numeric', `numeric ${key}`) ? NUMERIC : SCALAR
    const shape = this.stream(`shape of ${key}`)()
    if (shape < 0.68 || families === NUMERIC) {
      const family = this.pick(`family of ${key}`, families)
      const [type, optional] = TYPES[family]
      const simple = !['categorical', 'binomial'].includes(family)
      return { type, dims: 'N', text: this.scalar(family, key, by, name), family, target: 'scalar', simple, optional }
    }
    const vector = { family: 'normal', target: 'vector', simple: false } as const
    if (shape < 0.78) {
      const text = `Multinomial(${this.param('weights', 'simplex', by, `${key} cells`, 'V')})`
      return { ...vector, type: 'count', dims: 'N, V', text, optional: false }
    }
    const mean = this.param('mean', 'real', by, `${key} mean`, 'D')
    if (shape < 0.9) {
      const some = by.filter((s) => s.latent && this.chance(`${key} covariance by ${s.index}`, 0.5)).slice(0, 1)
      const dims = [...some.map((s) => s.dim), 'D'].join(', ')
      const matrix = this.name('Sigma')
      const prior = this.has('priors', `prior of ${key} covariance`) ? this.prior('covariance', key) : ''
      this.params.push(`param ${matrix} : covariance[${dims}]${prior}`)
      const at = some.map((s) => s.index).join(', ')
      return {
        ...vector,
        type: 'real',
        dims: 'N, D',
        text: `MvNormal(${mean}, ${at === '' ? matrix : `${matrix}[${at}]`})`,
        optional: false,
      }
    }
    const spread = this.spread(key, by, this.chance(`${key} diagonal`, 0.5) ? 'D' : '')
    return { ...vector, type: 'real', dims: 'N, D', text: `Normal(${mean}, ${spread})`, optional: true }
  }

  /** `sd`, `var=` or `precision=` with a param that at most one selector picks. */
  private spread(key: string, by: readonly Selector[], core = ''): string {
    const some = by.filter((s) => s.latent && this.chance(`${key} spread by ${s.index}`, 0.6)).slice(0, 1)
    const form = this.pick(`${key} spread`, ['sd', 'sd', 'variance', 'precision'] as const)
    const text = this.param(form, 'positive', some, `${key} spread`, core)
    return form === 'sd' ? text : form === 'variance' ? `var=${text}` : `precision=${text}`
  }

  /** A distribution of the family for the data `name`. */
  private scalar(family: Family, key: string, by: readonly Selector[], name: string): string {
    switch (family) {
      case 'normal':
        return `Normal(${this.location(key, by)}, ${this.spread(key, by)})`
      case 'logNormal':
        return `LogNormal(${this.location(key, by)}, ${this.param(
          'sd',
          'positive',
          by.slice(0, 1).filter((s) => s.latent),
          `${key} spread`,
        )})`
      case 'bernoulli':
        return `Bernoulli(${this.param('probability', 'unit', by, `${key} p`)})`
      case 'geometric':
        return `Geometric(${this.param('probability', 'unit', by, `${key} p`)})`
      case 'binomial': {
        const total = this.chance(`${key} total`, 0.5) ? '6' : 'trials[n]'
        if (total !== '6' && !this.data.includes('data  trials : count[N]')) this.data.push('data  trials : count[N]')
        return `Binomial(${total}, ${this.param('probability', 'unit', by, `${key} p`)})`
      }
      case 'categorical':
        return `Categorical(${this.param('weights', 'simplex', by, `${key} cells`, `levels(${name})`)})`
      case 'poisson': {
        const rate = this.param('rate', 'positive', by, `${key} rate`)
        return this.chance(`${key} exposure`, 0.3) ? `Poisson(${this.exposure()} * ${rate})` : `Poisson(${rate})`
      }
      case 'exponential':
        return `Exponential(${this.param('rate', 'positive', by, `${key} rate`)})`
      case 'gamma':
        return `Gamma(${this.pick(`${key} shape`, ['2', '0.5', '3'])}, ${this.param('rate', 'positive', by, `${key} rate`)})`
      case 'gammaShape': {
        const shape = this.param('rate', 'positive', by, `${key} shape`)
        return `Gamma(${shape}, ${this.param('rate', 'positive', by, `${key} rate`)})`
      }
      case 'logit':
        return `Bernoulli(logit=${this.line(key, by)})`
      case 'logRate':
        return `Poisson(log=${this.line(key, by)})`
    }
  }

  private location(key: string, by: readonly Selector[]): string {
    return this.has('regression', `regression ${key}`)
      ? this.line(key, by)
      : this.param('mean', 'real', by, `${key} mean`)
  }

  /** intercept + slope · x, either of them shared or by selector; or a dot product. */
  private line(key: string, by: readonly Selector[]): string {
    if (this.chance(`${key} dot`, 0.3)) {
      if (!this.data.includes('data  u : real[N, P]')) this.data.push('data  u : real[N, P]')
      return `dot(${this.param('coefficient', 'real', by, `${key} beta`, 'P')}, u[n])`
    }
    this.covariate ??= 'x'
    if (!this.data.includes('data  x : real[N]')) this.data.push('data  x : real[N]')
    const part = (what: string): string =>
      this.param(
        'coefficient',
        'real',
        by.filter((s) => this.chance(`${key} ${what} by ${s.index}`, 0.7)),
        `${key} ${what}`,
      )
    return `${part('intercept')} + ${part('slope')} * x[n]`
  }

  private exposure(): string {
    if (!this.data.includes('data  exposure : positive[N]')) this.data.push('data  exposure : positive[N]')
    return 'exposure[n]'
  }

  /** A plate within each row, with a latent of its own that may depend on the row's. */
  private inner(all: readonly Selector[]): void {
    const z = all.find((s) => s.index === 'z')
    const parents = z !== undefined && this.chance('z to u', 0.7) ? [z] : []
    const p = this.param('weights', 'simplex', parents, 'inner weights', '2')
    const name = this.name('y')
    const family = this.pick('inner family', ['poisson', 'bernoulli', 'normal'] as const)
    this.data.push(`data  ${name} : ${TYPES[family][0]}[N, M]`)
    const by: readonly Selector[] = [
      ...(z !== undefined && this.chance('inner reads z', 0.3) ? [z] : []),
      { index: 'q', dim: '2', latent: true },
    ]
    const text =
      family === 'poisson'
        ? `Poisson(${this.param('rate', 'positive', by, 'inner rate')})`
        : family === 'bernoulli'
          ? `Bernoulli(${this.param('probability', 'unit', by, 'inner p')})`
          : `Normal(${this.param('mean', 'real', by, 'inner mean')}, ${this.spread('inner', by)})`
    this.body.push('for m in 1..M {', `  latent q ~ Categorical(${p})`, `  ${name}[n, m] ~ ${text}`, '}')
  }
}

const STEMS: Readonly<Record<Role, string>> = {
  weights: 'pi',
  probability: 'p',
  rate: 'rate',
  mean: 'mu',
  sd: 'sigma',
  variance: 'var',
  precision: 'tau',
  covariance: 'Sigma',
  coefficient: 'beta',
}

type Family =
  | 'normal'
  | 'logNormal'
  | 'bernoulli'
  | 'geometric'
  | 'binomial'
  | 'categorical'
  | 'poisson'
  | 'exponential'
  | 'gamma'
  | 'gammaShape'
  | 'logit'
  | 'logRate'

const SCALAR: readonly Family[] = [
  'normal',
  'normal',
  'logNormal',
  'bernoulli',
  'geometric',
  'binomial',
  'categorical',
  'poisson',
  'exponential',
  'gamma',
]
const NUMERIC: readonly Family[] = ['gammaShape', 'logit', 'logRate']

/** Declared type of the data, and whether its cells may be missing without further ado. */
const TYPES: Readonly<Record<Family, readonly [string, boolean]>> = {
  normal: ['real', true],
  logNormal: ['positive', true],
  bernoulli: ['bool', true],
  geometric: ['count', true],
  binomial: ['count', true],
  categorical: ['category', true],
  poisson: ['count', true],
  exponential: ['positive', true],
  gamma: ['positive', true],
  gammaShape: ['positive', false],
  logit: ['bool', false],
  logRate: ['count', false],
}

interface Emission {
  readonly type: string
  readonly dims: string
  readonly text: string
  readonly family: Family
  readonly target: 'scalar' | 'vector'
  /** Another distribution of the family may stand beside it, in an `if` or a mixture. */
  readonly simple: boolean
  readonly optional: boolean
}
