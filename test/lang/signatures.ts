/** Signatures of every distribution of the language, for tests of the type checker. */
import { distributions } from '../../compiler/distributions/index.js'
import { laterSignatures } from '../../compiler/distributions/later-signatures.js'
import type { DistributionSignature } from '../../lang/signature.js'

const derivable = distributions.map((d) => d.signature)
const names = new Set(derivable.map((d) => d.name))

export const signatures: readonly DistributionSignature[] = [
  ...derivable,
  ...laterSignatures.filter((later) => !names.has(later.name)),
]
