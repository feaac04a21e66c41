import type { CatalogueEntry } from './catalogue-entry.js'

/** E9xx: failures of the program itself. */
export const internalEntries: readonly CatalogueEntry[] = [
  {
    code: 'E901',
    severity: 'error',
    title: 'the fit broke a law of EM',
    explanation:
      'At every iteration the log-likelihood may not fall, nor the bound pass it. Here one of these failed beyond rounding, so the derivation or its numerics are wrong: a mistake of the program, never of the model. Please report it with the model; `estep check --certify` says which part is off, and `--m-step gradient` fits without closed forms.',
    example: '',
    fixed: '',
  },
]
