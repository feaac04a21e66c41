import type { Accuracy, FloorHit, LatentLayout } from './contract.js'
import { uncertaintyExplanations } from './uncertainty-warnings.js'

/** A warning of a fit, as in the result. */
export interface FitWarning {
  readonly code: string
  readonly message: string
}

/** What a code means, for `estep explain`. */
export interface WarningExplanation {
  readonly code: string
  readonly title: string
  readonly explanation: string
}

/** The warnings that a fit can give, W520–W559. A code is never reused. */
export const warningExplanations: readonly WarningExplanation[] = [
  {
    code: 'W556',
    title: 'the best point visited stands for the average',
    explanation:
      'Stochastic EM averages the params over its draws. Here the log-likelihood at the average is below what it was ' +
      'along the way, as happens when components change places, so that their averages mix, or when a spread is caught near 0: ' +
      'draws close to their rows make it smaller still, and it does not come back. The params are those of the most ' +
      'probable point that was visited. Fewer components, a prior on the spread, or mode em, avoid it.',
  },
  {
    code: 'W557',
    title: 'the draws had not settled',
    explanation:
      'Between the first and the second half of the draws that were averaged, the log-likelihood moved by more than ' +
      'its own fluctuation. Draws before that belong to the way there: raise `burn` in the schedule, and `keep`.',
  },
  {
    code: 'W520',
    title: 'the start is symmetric between components',
    explanation:
      'All components of the start given are equal. Then every row belongs to each of them alike, each M-step gives equal ' +
      'components again, and EM stays there: a stationary point of EM, not a maximum. Give the components different ' +
      'values, or leave the start out.',
  },
  {
    code: 'W521',
    title: 'a component has collapsed',
    explanation:
      'The smallest variance of a component is below 1e-4 of that of the data in the same direction: it sits on a few ' +
      'rows that are nearly equal, and the likelihood grows without bound (or up to the floor) as it shrinks. No start ' +
      'ended better. Use fewer components, tie their spread (`sigma : positive` instead of `positive[K]`), put a prior ' +
      'on the spread, or raise `--floor`.',
  },
  {
    code: 'W522',
    title: 'a component is nearly empty',
    explanation:
      'The expected count of a component is below 2.5 rows, too few to estimate it. No start ended better. Use fewer ' +
      'components, or put a prior on the weights, such as `~ Dirichlet(2)`.',
  },
  {
    code: 'W523',
    title: 'a spread is held at its floor',
    explanation:
      'Without the floor the spread would go to 0 and the likelihood to infinity. The estimate is the maximum under the ' +
      'constraint that the spread stays above the floor (default 1e-6 of the variance of the data, `--floor`).',
  },
  {
    code: 'W524',
    title: 'the fit has not converged',
    explanation:
      'EM was stopped before both the last change of the objective and the estimated distance to its limit were within ' +
      'the tolerance. The params are those of the last iteration. Raise `--max-iter` or `--max-time`, or `--tol`.',
  },
  {
    code: 'W559',
    title: 'the search over starts was cut short',
    explanation:
      'The limit of time came before all starts had made what they would have made without it: some were not begun, or not ' +
      'run to their ends. The best so far has converged, and one of the others may lead higher. Raise `--max-time`, ask for ' +
      'fewer starts with `--restarts`, or keep a `--checkpoint` and go on with `--resume`.',
  },
  {
    code: 'W525',
    title: 'starts failed numerically',
    explanation:
      'From some starts a step led to a value that is no finite number. They are listed in `starts` and left out of the ' +
      'choice. Data on very different scales, or nearly dependent columns, are the usual reason.',
  },
  {
    code: 'W526',
    title: 'the start lies below the floor',
    explanation:
      'A spread in the start given is below the floor. The first M-step lifts it, so the objective falls once, in the ' +
      'first iteration; after that it cannot.',
  },
  {
    code: 'W527',
    title: 'fewer params are identified than are counted',
    explanation:
      'The data determine fewer numbers than the params have: some change of the params leaves the likelihood as it is ' +
      '(a shift of a softmax, a rotation of factors, weights and components of which the data show only the product). BIC and AIC count the identified ones. Predictions are not affected; ' +
      'the values of such params are one choice among equals.',
  },
  {
    code: 'W528',
    title: 'a param was set to the edge of its support',
    explanation:
      'EM nears a scale of 0 ever more slowly. The objective at 0 is at least as high as where EM stood, so 0 is the ' +
      'estimate.',
  },
  {
    code: 'W529',
    title: 'the fit failed numerically',
    explanation:
      'A step led to a value that is no finite number, or to a component so narrow that rounding alone moves the ' +
      'log-likelihood: there it may grow without bound. The params are those before it. Check the data for extreme values ' +
      'and for rows that are equal, give the params of a narrow component a prior, or give another start.',
  },
  {
    code: 'W530',
    title: 'a column without spread',
    explanation:
      'The model gives a column of the data a spread, and the column has the same value in every row. The spread then ' +
      'stays at its floor, which is taken from the other columns or from the size of the values, and the log-likelihood ' +
      'says more of the floor than of the data. Leave the column out.',
  },
  {
    code: 'W531',
    title: 'nearly singular equations',
    explanation:
      'An M-step solves linear equations, and their solution is known to as many digits as 16 less those of the condition ' +
      'number. Covariates that are nearly sums of each other, or that lie far from 0 beside an intercept (years, times in ' +
      'seconds), make it large. Subtract their mean, or leave one out: `const middle = mean(x)` and `x[n] - middle`.',
  },
  {
    code: 'W533',
    title: 'an objective that is known to few digits',
    explanation:
      'The log-likelihood is an integral that is taken by quadrature or by draws, and more nodes would still change it by ' +
      'the amount stated. Quadrature converges slowly where a posterior has heavy tails or is shaped like a funnel; draws ' +
      'halve their standard error when there are four times as many. Differences of log-likelihoods below the error say nothing. ' +
      'With fewer than 10 effective draws for a row or group the weights say nothing at all, and the fit fails.',
  },
  {
    code: 'W534',
    title: 'the objective is a lower bound',
    explanation:
      'The posterior of the latents has no closed form, and q is taken among products of factors that have one ' +
      '(docs/variational.md). The log-likelihood is larger than the objective, by how much is not known, so AIC and BIC ' +
      'of such fits are upper bounds too: compare them between models of one kind at most. In variational Bayes the bound is that ' +
      'of the evidence, and models are compared by it: there is no AIC and no BIC. Spreads of latents that are ' +
      'correlated with those of other factors come out too small.',
  },
  {
    code: 'W535',
    title: 'a regression whose coefficients run to infinity',
    explanation:
      'Along some direction of the coefficients all rows that it moves are told without error, by the covariates (complete ' +
      'or quasi-complete separation; Albert and Anderson 1984). The likelihood still rises there, by less and less, and has ' +
      'no maximum: what is printed is where the fit stopped, and standard errors of these coefficients mean nothing. Fitted ' +
      'probabilities are right. Give the coefficients a prior (`~ Normal(0, 2.5)`), or leave out the covariate that separates.',
  },
  {
    code: 'W558',
    title: 'a param without a variational posterior',
    explanation:
      'Variational Bayes gives each param that has a prior a posterior, where that is in closed form given the other factors ' +
      'of q: a Dirichlet for probabilities, a Normal for means, a Gamma for precisions, an inverse Gamma for variances. The ' +
      'param named has a prior of another kind, or a place in the model where the posterior is of no family. It is set to its ' +
      'most probable value given the others, as in EM: a point, without a spread.',
  },
  {
    code: 'W536',
    title: 'the standardised model is another model',
    explanation:
      'With --standardize the columns of the data are divided by their sd. Most models are the same in any unit, with ' +
      'params in that unit. Some are not: one sd for several columns (a spherical component), a prior with numbers in it, ' +
      'a constant in a density. The fit is then of another model, its log-likelihood is that of another model too (it has ' +
      'the Jacobian, so that it is a density of the data as they are), and params that belong to no unit are given on the ' +
      'standardised scale. Such a model may be the better one; compare it with the other one as with any other model.',
  },
  {
    code: 'W537',
    title: 'starts ended higher on collapsed components',
    explanation:
      'The likelihood of components with spreads of their own has no maximum: on a few rows that are nearly equal a spread ' +
      'goes to 0 and the density there to infinity. Some starts went that way, and their objective is higher than that of ' +
      'the result, up to where the floor stops it. They say nothing of the data and are left out; the result is the highest ' +
      'maximum that was found with sound components. A prior on the spread, or one spread for all components, bounds the ' +
      'likelihood.',
  },
  {
    code: 'W538',
    title: 'no row adds to the score by itself',
    explanation:
      'Where latents tie all rows together, the log-likelihood is one number for all of them: it is no sum over rows, groups or ' +
      'sequences. A score of parts of the data, each as data of its own, compares them.',
  },
  {
    code: 'W539',
    title: 'rows of probability 0',
    explanation:
      'The fitted model gives these rows probability 0, whatever the values of their latents: a count above its number of ' +
      'trials, a value outside the range of a Uniform. No posterior exists for them; what is printed for their latents says nothing.',
  },
  ...uncertaintyExplanations,
]

export function symmetricStart(latents: readonly LatentLayout[]): FitWarning {
  const names = latents.map(({ name }) => `\`${name}\``).join(', ')
  return {
    code: 'W520',
    message: `the start is a stationary point of EM, not a maximum: the components of ${names} are equal; EM stays there`,
  }
}

/** Starts that ended higher than the result, on components that have collapsed. */
export function unbounded(higher: number, starts: number): FitWarning {
  const message =
    `the likelihood is not bounded: ${higher} of ${starts} starts ended higher than the result, on components that have ` +
    'collapsed onto a few rows, and were left out; a prior on the spread, or one spread for all components, bounds it'
  return { code: 'W537', message }
}

export function atFloor(hits: readonly FloorHit[]): FitWarning[] {
  if (hits.length === 0) return []
  const names = [...new Set(hits.map((hit) => hit.param))]
  const shown = names
    .flatMap((name) => hits.filter((hit) => hit.param === name).sort((a, b) => inOrder(a.index, b.index)))
    .slice(0, 5)
    .map(({ param, index }) => (index.length === 0 ? param : `${param}[${index.join(', ')}]`))
  const more = hits.length > 5 ? ` and ${hits.length - 5} more` : ''
  const floor = Math.min(...hits.map((hit) => hit.floor))
  return [{ code: 'W523', message: `held at the floor (${short(floor)}): ${shown.join(', ')}${more}` }]
}

/** `shrinking`: params that fall like a power of the iterations. */
export function notConverged(
  stop: 'max-iterations' | 'max-time' | 'aborted',
  iterations: number,
  shrinking: readonly string[] = [],
): FitWarning {
  const why =
    stop === 'max-iterations'
      ? 'the limit of iterations'
      : stop === 'max-time'
        ? 'the limit of time'
        : 'an interruption'
  const more = stop === 'aborted' ? '' : stop === 'max-time' ? '; raise --max-time' : '; raise --max-iter'
  const help =
    shrinking.length === 0
      ? more
      : `; ${shrinking.map((name) => `\`${name}\``).join(', ')} falls ever more slowly, as on the way to 0: declare it nonnegative, and 0 is tried`
  return { code: 'W524', message: `not converged: stopped by ${why} after ${iterations} iterations${help}` }
}

/** The best start has converged, others had no time. */
export function searchCut(begun: number, all: number): FitWarning {
  const which = begun < all ? `${begun} of ${all} starts were begun` : 'not all starts were run to their ends'
  return { code: 'W559', message: `the limit of time ended the search over starts: ${which}; raise --max-time` }
}

export function lowerBound(): FitWarning {
  const message =
    'the objective is a lower bound of the log-likelihood (a factorised posterior), and AIC and BIC are of the bound'
  return { code: 'W534', message }
}

export function separation(names: readonly string[]): FitWarning {
  const listed = names.map((name) => `\`${name}\``).join(', ')
  const message =
    `coefficients among ${listed} run to infinity: covariates tell the outcomes of some rows apart without error, and the ` +
    'likelihood has no maximum; give them a prior'
  return { code: 'W535', message }
}

export function failedStarts(failed: number, all: number, reason: string): FitWarning {
  return { code: 'W525', message: `${failed} of ${all} starts failed numerically (${reason}) and were left out` }
}

export function startBelowFloor(fall: number): FitWarning {
  return {
    code: 'W526',
    message: `the start lies below the floor of a spread: the first iteration lowers the objective by ${short(fall)}`,
  }
}

/** Params that can change without changing the likelihood. */
export interface LooseParams {
  readonly names: readonly string[]
  /** The latent over whose values their products are summed, where the likelihood sees nothing else of them. */
  readonly productOver: string | null
}

export function fewerIdentified(identified: number, nominal: number, loose: LooseParams): FitWarning {
  const names = loose.names.map((name) => `\`${name}\``)
  const counted = `the data identify ${identified} of the ${nominal} params: `
  const change =
    names.length === 0
      ? 'some change of the params leaves the likelihood as it is'
      : `some change of ${listed(names)}${names.length > 1 ? ' together' : ''} leaves the likelihood as it is`
  const product =
    loose.productOver === null
      ? ''
      : `; only the product ${loose.names.join('·')}, summed over \`${loose.productOver}\`, is identified`
  return { code: 'W527', message: counted + change + product }
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function setToEdge(names: readonly string[]): FitWarning {
  return {
    code: 'W528',
    message: `set to 0, the edge of the support, where the objective is no lower (EM would near it without an end): ${names.join(', ')}`,
  }
}

export function illConditioned(why: string): FitWarning {
  return { code: 'W531', message: `some params are known to few digits: ${why}` }
}

/** Share of the objective's size, and nats, from which on its error is spoken of. */
const ROUGH_SHARE = 1e-6
const ROUGH = { quadrature: 1e-3, draws: 1 }

export function rough({ error, draws, standardError }: Accuracy, scale: number): FitWarning[] {
  const drawn = standardError !== undefined
  if (!drawn && error <= Math.min(ROUGH.quadrature, ROUGH_SHARE * scale)) return []
  if (drawn && error <= ROUGH.draws) return []
  const how = drawn ? `2 standard errors over ${draws} draws` : 'the difference that more nodes make'
  return [{ code: 'W533', message: `the log-likelihood is known to ${short(error)} only: ${how}` }]
}

export function failedFit(reason: string): FitWarning {
  return { code: 'W529', message: `the fit failed numerically: ${reason}` }
}

export function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** Places in the order of an array. */
function inOrder(a: readonly number[], b: readonly number[]): number {
  const d = a.findIndex((x, i) => x !== b[i])
  return d < 0 ? 0 : (a[d] ?? 0) - (b[d] ?? 0)
}
