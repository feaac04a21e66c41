/** Rows with discrete latents: classes, groups, labels, plates within rows, and what is observed of them. */
import type { Draft, RandomModel, Selector } from './draft.js'
import { CLOSED, FAMILIES, type Family, type FamilyName, NUMERIC, spread } from './families.js'

export function rowsModel(draft: Draft): RandomModel {
  return new Rows(draft).make()
}

interface Emission {
  readonly type: string
  readonly dims: string
  readonly text: string
  /** null for a vector. */
  readonly family: FamilyName | null
  readonly optional: boolean
}

class Rows {
  constructor(private readonly draft: Draft) {}

  make(): RandomModel {
    const { draft } = this
    draft.consts.push(`const K = ${2 + draft.integer('K', 2)}`)
    const weight = draft.has('weight')
    if (weight) draft.datum('copies : count[N]')
    const selectors = [...this.groups(), ...this.rowLatents()]
    this.emissions(selectors)
    if (draft.has('inner plate')) this.inner(selectors)
    return draft.finish(weight ? 'for n in 1..N weight copies[n] {' : 'for n in 1..N {')
  }

  private groups(): Selector[] {
    const column = this.draft.has('group column')
    const latent = this.draft.has('group latent')
    if (!column && !latent) return []
    this.draft.data.push('data  site : category[N]')
    const out: Selector[] = []
    if (column) out.push({ index: 'site[n]', dim: 'levels(site)', latent: false })
    if (latent) {
      const p = this.draft.param('weights', 'simplex', [], 'group weights', '2')
      this.draft.before.push('for s in levels(site) {', `  latent h[s] ~ Categorical(${p})`, '}')
      out.push({ index: 'h[site[n]]', dim: '2', latent: true })
    }
    return out
  }

  private rowLatents(): Selector[] {
    const out: Selector[] = []
    if (this.draft.has('label')) {
      const optional = this.draft.has('missing cells', 'missing label') ? '?' : ''
      this.draft.data.push(`data  kind : category${optional}[N]`)
      const p = this.draft.param('weights', 'simplex', [], 'kind weights', 'levels(kind)')
      this.draft.body.push(`kind[n] ~ Categorical(${p})`)
      out.push({ index: 'kind[n]', dim: 'levels(kind)', latent: optional !== '' })
    }
    if (!this.draft.has('row latent')) return out
    const parents = out.filter((s) => s.latent && this.draft.chance('label to z', 0.4))
    const z = this.latent('z', parents, 'K')
    out.push(z)
    if (this.draft.has('second latent')) {
      const w = this.latent('w', this.draft.chance('z to w', 0.6) ? [z] : [], '2')
      out.push(w)
      if (this.draft.has('third latent')) {
        const from = [z, w].filter((s) => this.draft.chance(`${s.index} to v`, 0.6))
        out.push(this.latent('v', from, '2'))
      }
    }
    if (this.draft.has('bool latent')) {
      const on = this.draft.chance('z to b', 0.4) ? [z] : []
      const p = this.draft.param('probability', 'unit', on, 'b probability')
      this.draft.body.push(`latent b ~ Bernoulli(${p})`)
      out.push({ index: 'b + 1', dim: '2', latent: true })
    }
    return out
  }

  private latent(name: string, parents: readonly Selector[], values: string): Selector {
    const uniform = parents.length === 0 && this.draft.chance(`${name} uniform`, 0.1)
    const p = uniform
      ? `[1/${values} for k in 1..${values}]`
      : this.draft.param('weights', 'simplex', parents, `${name} weights`, values)
    this.draft.body.push(`latent ${name} ~ Categorical(${p})`)
    return { index: name, dim: values, latent: true }
  }

  private emissions(all: readonly Selector[]): void {
    this.emission('first', all)
    if (this.draft.has('second emission')) this.emission('second', all)
    if (this.draft.has('third emission')) this.emission('third', all)
  }

  /** Some of the selectors, at least one latent where there is any. */
  private some(key: string, all: readonly Selector[], most = 2): readonly Selector[] {
    const chosen = all.filter((s) => this.draft.chance(`${key} reads ${s.index}`, 0.5))
    const latents = all.filter((s) => s.latent)
    const must =
      chosen.some((s) => s.latent) || latents.length === 0 ? [] : [this.draft.pick(`${key} must read`, latents)]
    const list = [...must, ...chosen]
    return list.slice(0, most)
  }

  private emission(key: string, all: readonly Selector[]): void {
    const by = this.some(key, all)
    const name = this.draft.name('y')
    const made = this.distribution(key, by, name)
    const optional = made.optional && this.draft.has('missing cells', `missing ${key}`) ? '?' : ''
    this.draft.data.push(`data  ${name} : ${made.type}${optional}[${made.dims}]`)
    const left = `${name}[n]`
    const plain = `${left} ~ ${made.text}`
    const family = made.family === null ? null : FAMILIES[made.family]
    const again = (own: string, readers: readonly Selector[]): string =>
      family?.text(this.draft, `${key} ${own}`, readers, name) ?? ''
    if (family?.simple === true) {
      const z = by.find((s) => s.index === 'z')
      if (z !== undefined && this.draft.has('if on latents', `if on latents ${key}`)) {
        const other = again(
          'else',
          by.filter((s) => s !== z),
        )
        const condition = this.draft.pick(`${key} condition`, ['z == 1', 'z != 2', 'z > 1'])
        this.draft.body.push(`if ${condition} { ${plain} }`, `else { ${left} ~ ${other} }`)
        return
      }
      if (this.draft.has('if on data', `if on data ${key}`)) {
        this.draft.datum('flag : bool[N]')
        const other = again('else', by)
        this.draft.body.push(`if flag[n] { ${plain} }`, `else { ${left} ~ ${other} }`)
        return
      }
      if (this.draft.has('mixture density', `mixture ${key}`)) {
        const weights = this.draft.param('weights', 'simplex', [], `mixture weights ${key}`, '2')
        const other = again('else', by)
        this.draft.body.push(`${left} ~ Mixture(${weights}, ${made.text}, ${other})`)
        return
      }
    }
    this.draft.body.push(plain)
  }

  private distribution(key: string, by: readonly Selector[], name: string): Emission {
    const { draft } = this
    const numeric = draft.has('numeric', `numeric ${key}`)
    const kind = draft.stream(`shape of ${key}`)()
    if (kind < 0.66 || numeric) {
      const chosen = draft.pick(`family of ${key}`, numeric ? NUMERIC : CLOSED)
      const { type, optional }: Family = FAMILIES[chosen]
      return { type, dims: 'N', text: FAMILIES[chosen].text(draft, key, by, name), family: chosen, optional }
    }
    const vector = { family: null, optional: false }
    const cells = (): string => draft.param('weights', 'simplex', by, `${key} cells`, 'V')
    if (kind < 0.72) return { ...vector, type: 'count', dims: 'N, V', text: `Multinomial(${cells()})` }
    const positive = (core: string): string => draft.param('shape', 'positive', by.slice(0, 1), `${key} a`, core)
    if (kind < 0.75) return { ...vector, type: 'count', dims: 'N, V', text: `DirichletMultinomial(${positive('V')})` }
    if (kind < 0.78) return { ...vector, type: 'simplex', dims: 'N, V', text: `Dirichlet(${positive('V')})` }
    const mean = draft.param('mean', 'real', by, `${key} mean`, 'D')
    if (kind < 0.92) {
      const some = by.filter((s) => s.latent && draft.chance(`${key} covariance by ${s.index}`, 0.5)).slice(0, 1)
      const form = draft.stream(`matrix of ${key}`)()
      const matrix = draft.param(
        form < 0.42 ? 'precision matrix' : 'covariance',
        'covariance',
        some,
        `${key} covariance`,
        'D',
      )
      const text =
        form < 0.42
          ? `MvNormal(${mean}, precision=${matrix})`
          : form < 0.58
            ? `MvStudentT(5, ${mean}, ${matrix})`
            : `MvNormal(${mean}, ${matrix})`
      return { ...vector, type: 'real', dims: 'N, D', text }
    }
    const core = draft.chance(`${key} diagonal`, 0.5) ? 'D' : ''
    const text = `Normal(${mean}, ${spread(draft, key, by, core)})`
    return { ...vector, type: 'real', dims: 'N, D', text, optional: true }
  }

  /** A plate within each row, with a latent of its own that may depend on the row's. */
  private inner(all: readonly Selector[]): void {
    const z = all.find((s) => s.index === 'z')
    const parents = z !== undefined && this.draft.chance('z to u', 0.7) ? [z] : []
    const p = this.draft.param('weights', 'simplex', parents, 'inner weights', '2')
    const name = this.draft.name('y')
    const family = this.draft.pick('inner family', ['poisson', 'bernoulli', 'normal'] as const)
    this.draft.data.push(`data  ${name} : ${FAMILIES[family].type}[N, M]`)
    const by: readonly Selector[] = [
      ...(z !== undefined && this.draft.chance('inner reads z', 0.3) ? [z] : []),
      { index: 'q', dim: '2', latent: true },
    ]
    const text =
      family === 'poisson'
        ? `Poisson(${this.draft.param('rate', 'positive', by, 'inner rate')})`
        : family === 'bernoulli'
          ? `Bernoulli(${this.draft.param('probability', 'unit', by, 'inner p')})`
          : `Normal(${this.draft.param('mean', 'real', by, 'inner mean')}, ${spread(this.draft, 'inner', by)})`
    this.draft.body.push('for m in 1..M {', `  latent q ~ Categorical(${p})`, `  ${name}[n, m] ~ ${text}`, '}')
  }
}
