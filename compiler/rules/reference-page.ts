import { M_STEP_RULES } from '../mstep/plan.js'
import { ARGUMENT_RULES, type DerivationRule, E_STEP_RULES, SOLUTION_RULES } from './derivation-rules.js'
import { REGRESSION_RULES } from './mstep/regression.js'

/** The rules of the M-step as a Markdown page, made from the rules themselves, in the order they are tried. */
export function rulesPage(): string {
  const parts = [
    '# Rules of a derivation',
    '',
    'Every line that `estep derive` prints rests on one of these rules (`estep derive --json` names it for each line). Ids',
    'are stable: they are never used for another rule.',
    '',
    '## The argument',
    '',
    ...Object.values(ARGUMENT_RULES).flatMap(entry),
    '## The E-step',
    '',
    'The plan in a result names the method of each group of latents by these ids.',
    '',
    ...E_STEP_RULES.flatMap(entry),
    '## The M-step',
    '',
    'For each block of params the first rule that applies is taken; the others leave their reason for declining in the',
    'plan (`mStep[].declined` of a result, `estep derive`). Where none applies, a damped Newton iteration (L-BFGS for more',
    'than 50 unknowns) maximises Q with the posterior held fixed, in unconstrained coordinates, and never lowers it.',
    '',
  ]
  for (const [i, r] of M_STEP_RULES.entries())
    parts.push(`### ${i + 1}. ${r.id}`, '', `${r.statement}.`, '', `*${r.citation}*`, '')
  parts.push(
    '## Regressions',
    '',
    'A block that stays numerical is named where its part of Q is that of a generalised linear model: one kind of concave',
    'function of a linear predictor, weighted, beside terms that are linear or quadratic. Newton with the full Hessian is',
    'Fisher scoring there (or keeps the residuals that scoring leaves out). Where it passes over the rows, one step is taken',
    'an iteration (Lange 1995, *A gradient algorithm locally equivalent to the EM algorithm*).',
    '',
  )
  for (const r of Object.values(REGRESSION_RULES)) parts.push(...entry(r))
  parts.push(
    '## Order',
    '',
    'A block whose solution reads another block is solved after it; a common left factor of a quadratic (a precision, an',
    'inverse covariance) cancels from its solution, so that locations come before scales and the step is exact',
    '(`"exact": "joint"`). Where blocks read each other in a circle they are maximised in turn, several rounds an iteration',
    '(`"exact": "blockwise"`; Meng and Rubin 1993).',
    '',
    ...SOLUTION_RULES.flatMap(entry),
  )
  return `${parts.join('\n').trimEnd()}\n`
}

const entry = ({ id, statement, citation }: DerivationRule): readonly string[] => [
  `### ${id}`,
  '',
  `${statement}.`,
  '',
  `*${citation}*`,
  '',
]
