/** A model in the making: its decisions, its params with their priors, and its text. */
import { randomSource } from '../../oracle/random.js'
import { CHANCE, FEATURES, type Feature } from './features.js'

/** Something that picks a slice of params: its text in an index, and the dimension it runs over. */
export interface Selector {
  readonly index: string
  readonly dim: string
  readonly latent: boolean
}

export type ParamKind = 'real' | 'positive' | 'unit' | 'simplex' | 'covariance' | 'ordered'

/** What a prior is conjugate to, if anything. */
export type Role =
  | 'weights'
  | 'probability'
  | 'rate'
  | 'shape'
  | 'mean'
  | 'sd'
  | 'variance'
  | 'precision'
  | 'covariance'
  | 'precision matrix'
  | 'coefficient'
  | 'cuts'
  /** Of a density with a kink: nothing else may be said of it. */
  | 'median'

interface SharedParam {
  readonly role: Role
  readonly text: string
  readonly dims: string
}

export interface RandomModel {
  readonly seed: number
  readonly text: string
  /** Features that the text contains; those left out are not among them. */
  readonly features: readonly Feature[]
}

/**
 * Each decision draws from a stream of its own, named for what it decides, so that leaving one feature out changes nothing
 * else.
 */
export class Draft {
  private readonly used = new Set<Feature>()
  readonly consts: string[] = []
  readonly data: string[] = []
  readonly params: string[] = []
  /** Statements before those of the rows, and those of a row. */
  readonly before: string[] = []
  readonly body: string[] = []
  private readonly shared: SharedParam[] = []
  private readonly numbers = new Map<string, number>()

  constructor(
    readonly seed: number,
    private readonly without: ReadonlySet<Feature>,
  ) {}

  /** The model; `loop` opens the block of its rows, null where there is none. */
  finish(loop: string | null): RandomModel {
    const rows = loop === null ? this.body : [loop, ...this.body.map((l) => `  ${l}`), '}']
    const lines = [
      `model Random${this.seed}`,
      ...this.consts,
      ...this.data,
      ...this.params,
      ...this.before,
      ...rows,
      '',
    ]
    return { seed: this.seed, text: lines.join('\n'), features: FEATURES.filter((f) => this.used.has(f)) }
  }

  /** Declares data, once. */
  datum(line: string): void {
    if (!this.data.includes(`data  ${line}`)) this.data.push(`data  ${line}`)
  }

  stream(name: string): () => number {
    let h = Math.imul(this.seed + 1, 0x9e3779b1)
    for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193)
    return randomSource(h >>> 0)
  }

  has(feature: Feature, name: string = feature): boolean {
    if (this.without.has(feature) || this.stream(`has ${name}`)() >= CHANCE[feature]) return false
    this.used.add(feature)
    return true
  }

  chance(name: string, p: number): boolean {
    return this.stream(name)() < p
  }

  integer(name: string, bound: number): number {
    return Math.floor(this.stream(name)() * bound)
  }

  pick<T>(name: string, list: readonly T[]): T {
    const found = list[this.integer(name, list.length)]
    if (found === undefined) throw new Error(`nothing to pick for ${name}`)
    return found
  }

  name(stem: string): string {
    const n = (this.numbers.get(stem) ?? 0) + 1
    this.numbers.set(stem, n)
    return `${stem}${n}`
  }

  /** Declares a param picked by the selectors and gives the text that reads it; `core` is its own last dimension. */
  param(role: Role, kind: ParamKind, by: readonly Selector[], key: string, core = ''): string {
    const dims = [...by.map((s) => s.dim), ...(core === '' ? [] : [core])].join(', ')
    const index = by.map((s) => s.index).join(', ')
    const sharable = this.shared.find((s) => s.role === role && s.dims === `${kind} ${dims} ${index}`)
    if (sharable !== undefined && role !== 'weights' && role !== 'median' && this.has('shared params', `shared ${key}`))
      return sharable.text
    const name = this.name(STEMS[role])
    const prior = this.has('priors', `prior of ${key}`) ? this.prior(role, key) : ''
    this.params.push(`param ${name} : ${kind}${dims === '' ? '' : `[${dims}]`}${prior}`)
    const text = index === '' ? name : `${name}[${index}]`
    this.shared.push({ role, text, dims: `${kind} ${dims} ${index}` })
    return text
  }

  prior(role: Role, key: string): string {
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
        return choose('Gamma(2, 1)', 'Exponential(1)')
      case 'shape':
        return choose('Gamma(3, 1)', 'LogNormal(0, 1)')
      case 'precision matrix':
        return choose('Wishart(D + 2, identity(D))')
      case 'cuts':
      case 'median':
        return ''
      case 'covariance':
        return choose('InverseWishart(D + 2, identity(D))')
    }
  }
}

const STEMS: Readonly<Record<Role, string>> = {
  weights: 'pi',
  probability: 'p',
  rate: 'rate',
  shape: 'shape',
  mean: 'mu',
  sd: 'sigma',
  variance: 'var',
  precision: 'tau',
  covariance: 'Sigma',
  'precision matrix': 'Omega',
  coefficient: 'beta',
  cuts: 'cuts',
  median: 'm',
}
