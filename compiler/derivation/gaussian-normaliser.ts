/** What a Gaussian block leaves when it is integrated out. */
import { add, idx, log, mul, num, PI, ref } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { countsCells, dimension } from '../estep/block-layout.js'
import { atPoint } from '../estep/moments.js'
import type { GaussianBlock } from '../estep/types.js'
import { normaliserRef, precisionName, shownNumbers, wholeName } from './block-names.js'
import { factorOfRow } from './factor-of-row.js'
import { tidied, volumesJoined } from './for-display.js'
import { isScalar, leadOf } from './gaussian-system.js'
import { outerOf, unitOf } from './gaussian-words.js'
import type { Notation } from './notation.js'
import { type FormulaContext, formula, sumEquation } from './print.js'
import { type Block, say } from './types.js'

/** log Z: the statements at the posterior mean, and the volume of the Normal. */
export function normaliserWords(b: GaussianBlock, c: FormulaContext): readonly Block[] {
  const n = c.notation
  const values = b.scope.map((s) => idx(s.value))
  const row = b.loops.map((l) => idx(l.index))
  const numbers = shownNumbers(n)
  const whole = b.factors.map((f) => factorOfRow(f, row, atPoint(b, f.expr, f.direct ? row : f.row, values, numbers)))
  const missing = formula(missingOf(b, n), outerOf(b), c)
  const right = volumesJoined(tidied(add(...whole, volumeOf(b, c)), n.facts))
  const left = log(normaliserRef(b, n))
  const lines = sumEquation(left, right, outerOf(b), c)
  const what =
    b.scope.length > 0
      ? say`Integrating the latent out leaves the normaliser, the density of what is observed given the discrete value. It is the joint density at the posterior mean, where the quadratic is flat, times the volume of the Normal:`
      : b.loops.length === 0
        ? say`Integrating the latents out leaves the log-likelihood of what they explain: the joint log density at the posterior mean, and the log volume of the Normal,`
        : say`Integrating the latent out leaves the ${unitOf(b)}'s likelihood: the joint density at the posterior mean times the volume of the Normal,`
  const after: readonly Block[] = countsCells(b)
    ? [say`where ${missing} is the number of cells that are not known, and the determinant is over these.`]
    : []
  return [what, { kind: 'formula', lines }, ...after]
}

/** ½ d log 2π − ½ log det Λ, in letters. */
export function volumeOf(b: GaussianBlock, c: FormulaContext): Expr {
  const n = c.notation
  const [i] = b.latents
  const lambda = ref(
    'table',
    i !== undefined && b.latents.length === 1 ? precisionName(b, null, n) : wholeName(n.symbols.precision, b, null, n),
    leadOf(b, b.sharing !== 'one'),
  )
  const logdet: Expr = isScalar(b) ? log(lambda) : logDeterminant(lambda, c)
  return add(mul(num(1, 2), cellsOf(b, n), log(mul(num(2), PI))), mul(num(-1, 2), logdet))
}

/** How many cells are not known: d. */
export const cellsOf = (b: GaussianBlock, n: Notation): Expr => (countsCells(b) ? missingOf(b, n) : dimension(b))

const missingOf = (b: GaussianBlock, n: Notation): Expr =>
  ref('table', n.symbols.missing, b.layout === 'joint' || b.sharing === 'one' ? [] : b.loops.map((l) => idx(l.index)))

function logDeterminant(lambda: Expr, c: FormulaContext): Expr {
  const { supply } = c.notation.derivation
  const row = supply.fresh('i', num(1), num(1))
  const column = supply.fresh('j', num(1), num(1))
  const element: Expr = lambda.kind === 'ref' ? { ...lambda, index: [...lambda.index, idx(row), idx(column)] } : lambda
  return { kind: 'logdet', of: { row, column, element } }
}
