/** Figures of a certificate, the worst of each kind kept. */

/** One figure of the numerical proof of a derivation. */
export interface CertificateCheck {
  readonly name: string
  readonly passed: boolean
  /** Largest relative error found, and what is allowed. */
  readonly error: number
  readonly tolerance: number
  readonly detail: string
}

interface Finding {
  count: number
  error: number
  tolerance: number
  where: string
}

export class Findings {
  private readonly byName = new Map<string, Finding>()

  /** `error` counts as infinite where it is not a number. */
  record(name: string, error: number, tolerance: number, where: string): void {
    const size = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
    const known = this.byName.get(name)
    if (known === undefined) this.byName.set(name, { count: 1, error: size, tolerance, where })
    else {
      known.count += 1
      if (size / tolerance > known.error / known.tolerance) Object.assign(known, { error: size, tolerance, where })
    }
  }

  checks(): readonly CertificateCheck[] {
    return [...this.byName].map(([name, f]) => {
      return {
        name,
        passed: f.error <= f.tolerance,
        error: f.error,
        tolerance: f.tolerance,
        detail: `${f.count} ${f.count === 1 ? 'comparison' : 'comparisons'}, the worst at ${f.where}`,
      }
    })
  }
}
