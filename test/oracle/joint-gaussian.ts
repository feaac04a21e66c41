/** Multivariate normal arithmetic for tests, written apart from the oracle's: joint moments and dense conditioning. */

type Terms = Readonly<Record<string, number>>

/** A Gaussian built up variable by variable, each a linear function of earlier ones with noise of its own. */
export class JointGaussian {
  private readonly names: string[] = []
  private readonly means: number[] = []
  private readonly covariances: number[][] = []

  /** name = constant + Σ coefficient · earlier + N(0, variance). */
  add(name: string, constant: number, terms: Terms, variance: number): this {
    return this.addVector([name], [constant], [terms], [[variance]])
  }

  /** Several at once, whose noises are correlated. */
  addVector(
    names: readonly string[],
    constants: readonly number[],
    terms: readonly Terms[],
    noise: readonly (readonly number[])[],
  ): this {
    const old = this.names.length
    const rows = names.map((_, i) => this.names.map((n) => terms[i]?.[n] ?? 0))
    for (const t of terms) for (const n of Object.keys(t)) if (!this.names.includes(n)) throw new Error(`no ${n}`)
    const cross = rows.map((row) =>
      range(old).map((j) => row.reduce((s, c, k) => s + c * entry(this.covariances, k, j), 0)),
    )
    const means = rows.map((row, i) => row.reduce((s, c, k) => s + c * (this.means[k] ?? 0), constants[i] ?? 0))
    names.forEach((name, i) => {
      this.names.push(name)
      this.means.push(means[i] ?? 0)
      const own = rows.map((row, j) => row.reduce((s, c, k) => s + c * entry(cross, i, k), noise[i]?.[j] ?? 0))
      this.covariances.slice(0, old).forEach((row, j) => {
        row.push(entry(cross, i, j))
      })
      this.covariances.push([...(cross[i] ?? []), ...own])
    })
    return this
  }

  /** Given values of some variables: their log density, and the moments of the others. */
  given(values: Readonly<Record<string, number>>): Conditioned {
    const seen = Object.keys(values).map((n) => this.position(n))
    const residual = Object.entries(values).map(([n, v]) => v - (this.means[this.position(n)] ?? 0))
    const inverse = inverted(seen.map((i) => seen.map((j) => entry(this.covariances, i, j))))
    const weighted = inverse.matrix.map((row) => row.reduce((s, x, j) => s + x * (residual[j] ?? 0), 0))
    const square = weighted.reduce((s, x, i) => s + x * (residual[i] ?? 0), 0)
    const gain = (i: number): number[] =>
      inverse.matrix.map((row) => row.reduce((s, x, j) => s + x * entry(this.covariances, i, seen[j] ?? 0), 0))
    const mean = (name: string): number => {
      const i = this.position(name)
      return (this.means[i] ?? 0) + seen.reduce((s, j, k) => s + entry(this.covariances, i, j) * (weighted[k] ?? 0), 0)
    }
    const covariance = (a: string, b: string): number => {
      const [i, j] = [this.position(a), this.position(b)]
      const g = gain(j)
      return (
        entry(this.covariances, i, j) - seen.reduce((s, v, k) => s + entry(this.covariances, i, v) * (g[k] ?? 0), 0)
      )
    }
    const log = -0.5 * (square + Math.log(inverse.determinant) + seen.length * Math.log(2 * Math.PI))
    return { log, mean, covariance }
  }

  private position(name: string): number {
    const i = this.names.indexOf(name)
    if (i < 0) throw new Error(`no ${name}`)
    return i
  }
}

export interface Conditioned {
  readonly log: number
  mean(name: string): number
  covariance(a: string, b: string): number
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const entry = (m: readonly (readonly number[])[], i: number, j: number): number => m[i]?.[j] ?? Number.NaN

/** Gauss–Jordan without pivoting, for positive definite matrices. */
function inverted(a: readonly (readonly number[])[]): { readonly matrix: number[][]; readonly determinant: number } {
  const n = a.length
  const w = a.map((row, i) => [...row, ...range(n).map((j) => (i === j ? 1 : 0))])
  let determinant = 1
  for (let k = 0; k < n; k++) {
    const pivot = entry(w, k, k)
    determinant *= pivot
    w[k] = (w[k] ?? []).map((x) => x / pivot)
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = entry(w, i, k)
      w[i] = (w[i] ?? []).map((x, j) => x - factor * entry(w, k, j))
    }
  }
  return { matrix: w.map((row) => row.slice(n)), determinant }
}

export function normalDensity(x: number, mean: number, variance: number): number {
  return Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance)
}

/** Σ exp as a log. */
export function logSum(logs: readonly number[]): number {
  const top = Math.max(...logs)
  return top + Math.log(logs.reduce((s, x) => s + Math.exp(x - top), 0))
}
