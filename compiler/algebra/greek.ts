/** Greek letters by the name that they have in a model, in LaTeX and in Unicode. */
const LETTERS =
  'alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ ' +
  'sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ ' +
  'Phi Φ Psi Ψ Omega Ω'

/** mu → μ. */
export const GREEK: ReadonlyMap<string, string> = greek(LETTERS.split(' '))

function greek(words: readonly string[]): Map<string, string> {
  const letters = new Map<string, string>()
  words.forEach((name, i) => {
    const letter = words[i + 1]
    if (i % 2 === 0 && letter !== undefined) letters.set(name, letter)
  })
  return letters
}

/**
 * A name taken apart for printing: `sigma_x` and `mu0` are a letter with a subscript, `height` and `level_sd` are words.
 * What stands after a `^`, which no name of a model has, is written above.
 */
export interface NameParts {
  readonly base: string
  readonly suffix: string | null
  /** Names side by side. */
  readonly above: readonly string[]
}

export function nameParts(name: string): NameParts {
  const [own = name, ...above] = name.split('^')
  return { ...withSubscript(own), above }
}

function withSubscript(name: string): Omit<NameParts, 'above'> {
  const cut = name.indexOf('_')
  const stem = name.slice(0, Math.max(cut, 0))
  if (cut > 0 && cut < name.length - 1 && (stem.length === 1 || GREEK.has(stem)))
    return { base: stem, suffix: name.slice(cut + 1) }
  const digits = /^([A-Za-z]+?)(\d+)$/.exec(name)
  const base = digits?.[1]
  const suffix = digits?.[2]
  if (base !== undefined && suffix !== undefined && (base.length === 1 || GREEK.has(base))) return { base, suffix }
  return { base: name, suffix: null }
}
