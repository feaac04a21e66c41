/** The rules that the lines of a derivation rest on, beside those of the M-step. Ids are stable. */

/** A step of the argument: its id, the statement in mathematics, and where it is proved. */
export interface DerivationRule {
  readonly id: string
  readonly statement: string
  readonly citation: string
}

const BISHOP = 'Bishop (2006), Pattern Recognition and Machine Learning'
const DEMPSTER = 'Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm'

/** The argument of EM, in its order. */
export const ARGUMENT_RULES = {
  notation: {
    id: 'notation',
    statement: 'Arrays and loops keep the names of the model; names of Greek letters are written as these',
    citation: `${BISHOP}, mathematical notation`,
  },
  logDensity: {
    id: 'log-density',
    statement: 'A statement y ~ D(θ) adds log p_D(y | θ) to the log joint density, once for each value of its loops',
    citation: `${BISHOP}, section 8.1 (eq. 8.5)`,
  },
  completeData: {
    id: 'complete-data',
    statement: 'ℓ_c(θ) = log p(x, z | θ) is the sum of the log densities of all statements',
    citation: `${DEMPSTER}, section 2`,
  },
  marginal: {
    id: 'marginal-likelihood',
    statement: 'ℓ(θ) = log Σ_z p(x, z | θ), an integral where z is continuous; independent units add up',
    citation: `${BISHOP}, section 9.3 (eq. 9.29)`,
  },
  bound: {
    id: 'jensen',
    statement:
      'log Σ_z p(x, z | θ) ≥ Σ_z q(z) log (p(x, z | θ) / q(z)) = ELBO(q, θ), with equality where q is the posterior',
    citation: `${DEMPSTER}; Neal and Hinton (1998), A view of the EM algorithm`,
  },
  classification: {
    id: 'classification-likelihood',
    statement: 'max over θ and z of log p(x, z | θ), one of them at a time',
    citation: 'Celeux and Govaert (1992), A classification EM algorithm',
  },
  annealing: {
    id: 'deterministic-annealing',
    statement: 'q(z) ∝ p(x, z | θ)^β maximises E_q log p(x, z | θ) + H(q)/β; β rises to 1',
    citation: 'Ueda and Nakano (1998), Deterministic annealing EM algorithm',
  },
  stochastic: {
    id: 'stochastic-em',
    statement: 'a draw of z from p(z | x, θ) in place of the posterior; the estimate is an average over draws',
    citation: 'Celeux and Diebolt (1985), The SEM algorithm; Celeux and Govaert (1992), section 4',
  },
  online: {
    id: 'online-em',
    statement:
      'S ← (1 − γ) S + γ S(batch), Σ γ = ∞, Σ γ² < ∞; without such sums η ← η − γ H⁻¹ ∇Q(batch), H ← (1 − γ) H + γ ∇²Q(batch)',
    citation:
      'Cappé and Moulines (2009), On-line expectation–maximization algorithm for latent data models; Titterington (1984), Recursive parameter estimation using incomplete data, equation 9',
  },
  meanField: {
    id: 'mean-field',
    statement: 'For q = Π q_B the best factor given the others is log q_B = E[log p(x, z)] + const',
    citation:
      'Jordan, Ghahramani, Jaakkola and Saul (1999), An introduction to variational methods; Bishop (2006), Pattern Recognition and Machine Learning, section 10.1',
  },
  lifting: {
    id: 'lift-selectors',
    statement: 'f(θ_z) = Σ_k [z = k] f(θ_k)',
    citation: `${BISHOP}, section 9.2 (eq. 9.10)`,
  },
  expected: {
    id: 'expected-complete-data',
    statement: 'ELBO(q, θ) = Q(θ) + H(q) with Q(θ) = E_q[log p(x, z | θ)]: the entropy is free of θ',
    citation: `${BISHOP}, section 9.4 (eq. 9.74)`,
  },
  algorithm: {
    id: 'em',
    statement: 'log L(θ_t) = ELBO(q_t, θ_t) ≤ ELBO(q_t, θ_{t+1}) ≤ log L(θ_{t+1})',
    citation: `${DEMPSTER}, theorem 1; Wu (1983), On the convergence properties of the EM algorithm`,
  },
  estimate: {
    id: 'maximum-likelihood',
    statement: 'Without latents ℓ itself is maximised: there is no E-step',
    citation: `${BISHOP}, section 1.2.4`,
  },
} as const satisfies Record<string, DerivationRule>

/** How latents are summed out: the ids are the methods of the plan. */
export const E_STEP_RULES: readonly DerivationRule[] = [
  {
    id: 'enumeration',
    statement: 'r_k = ρ_k / Σ_l ρ_l, with ρ_k the joint density of a row with the latent at k (Bayes’ rule)',
    citation: `${DEMPSTER}, section 2`,
  },
  {
    id: 'variable-elimination',
    statement: 'Latents are summed out one by one; each sum leaves a message to those that shared a factor with it',
    citation: 'Lauritzen and Spiegelhalter (1988), Local computations with probabilities on graphical structures',
  },
  {
    id: 'forward-backward',
    statement: 'Along a chain the sums are a scaled filter, and the posteriors a smoother that goes back',
    citation: 'Baum, Petrie, Soules and Weiss (1970); Rabiner (1989), section III',
  },
  {
    id: 'multinomial-split',
    statement: 'Poisson or multinomial counts given their sum are Multinomial with the cells’ probabilities rescaled',
    citation: `${DEMPSTER}, section 1`,
  },
  {
    id: 'gaussian',
    statement: 'A log density h·u − ½ uᵀΛu is that of Normal(Λ⁻¹h, Λ⁻¹)',
    citation: `${BISHOP}, section 2.3.1`,
  },
  {
    id: 'sparse-gaussian',
    statement: 'The same for all cells at once, with a sparse factor of Λ',
    citation: 'Rue and Held (2005), section 2.3',
  },
  {
    id: 'conjugate',
    statement: 'A log density that is linear in the statistics of a family is that family',
    citation: `${BISHOP}, section 2.4.2`,
  },
  {
    id: 'quadrature',
    statement: 'Expectations by Gauss–Hermite nodes about the mode, at the scale of the curvature there',
    citation: 'Naylor and Smith (1982); Liu and Pierce (1994), A note on Gauss–Hermite quadrature',
  },
  {
    id: 'monte-carlo',
    statement: 'Expectations by weighted draws about the mode, the same from iteration to iteration',
    citation: 'Wei and Tanner (1990), A Monte Carlo implementation of the EM algorithm',
  },
  {
    id: 'max-product',
    statement: 'The most probable values together: maxima in place of sums, and back through what attained them',
    citation: 'Viterbi (1967); Pearl (1988), Probabilistic Reasoning in Intelligent Systems, chapter 5',
  },
]

/** What is made of the rules of the M-step where blocks read one another, and where no rule gives a maximum. */
export const SOLUTION_RULES: readonly DerivationRule[] = [
  {
    id: 'triangular-elimination',
    statement:
      'What all terms of a block share does not move its maximum: it is solved first, the other block after it',
    citation: 'Magnus and Neudecker (2019), Matrix Differential Calculus, section 15.3',
  },
  {
    id: 'conditional-maximisation',
    statement: 'Blocks that read one another are maximised in turn, which never lowers Q',
    citation: 'Meng and Rubin (1993), Maximum likelihood estimation via the ECM algorithm',
  },
  {
    id: 'one-dimensional',
    statement: 'Σ C_i g_i′(u) = 0 in one number u: bracketed, then safeguarded Newton steps',
    citation: 'Press et al. (2007), Numerical Recipes, section 9.4',
  },
  {
    id: 'profiled',
    statement: 'A scale at its best value for each shape is put in its place: one number is left',
    citation: 'Barndorff-Nielsen and Cox (1994), Inference and Asymptotics, section 3.4',
  },
  {
    id: 'gradient',
    statement: 'Damped Newton steps on Q in coordinates free of constraints (L-BFGS for many params); no step lowers Q',
    citation:
      'Lange (1995), A gradient algorithm locally equivalent to the EM algorithm; Nocedal and Wright (2006), Numerical Optimization, chapters 3 and 7',
  },
]
