/** Rows of a Gaussian mixture whose components overlap, so that EM has something to do, and a start away from the truth. */
export function mixtureData({ N, D, K }, random, { full, spread }) {
  const { normal, uniform, pick, simplex } = random
  const weights = simplex(K).map((w) => (w + 1 / K) / 2)
  const centres = Array.from({ length: K }, () => Array.from({ length: D }, () => spread * normal()))
  // x = centre + L e, with L lower triangular
  const factors = Array.from({ length: K }, () =>
    Array.from({ length: D }, (_, i) =>
      Array.from({ length: i + 1 }, (_, j) =>
        i === j ? 0.6 + 0.8 * uniform() : full ? (0.8 * normal()) / Math.sqrt(D) : 0,
      ),
    ),
  )
  const x = new Float64Array(N * D)
  const e = new Float64Array(D)
  for (let n = 0; n < N; n++) {
    const k = pick(weights)
    for (let d = 0; d < D; d++) e[d] = normal()
    for (let i = 0; i < D; i++) {
      const row = factors[k][i]
      let value = centres[k][i]
      for (let j = full ? 0 : i; j <= i; j++) value += row[j] * e[j]
      x[n * D + i] = value
    }
  }
  const mu = centres.map((centre) => centre.map((c) => c + 0.5 * normal()))
  const identity = Array.from({ length: D }, (_, i) => Array.from({ length: D }, (_, j) => (i === j ? 2.25 : 0)))
  return {
    arrays: { x: { values: x, shape: [N, D] } },
    start: {
      pi: Array.from({ length: K }, () => 1 / K),
      mu,
      ...(full
        ? { Sigma: Array.from({ length: K }, () => identity) }
        : { sigma: Array.from({ length: K }, () => Array.from({ length: D }, () => 1.5)) }),
    },
  }
}

/** Programs for such mixtures; `kind` of covariance as scikit-learn calls it. */
export const mixturePeers = (kind) => [
  {
    name: 'scikit-learn',
    language: 'python',
    script: 'sklearn-mixture.py',
    needs: ['python', 'scikit-learn'],
    arguments: [kind],
    threads: [1, 2],
  },
  {
    name: 'mclust',
    language: 'r',
    script: 'mclust-mixture.R',
    needs: ['R', 'mclust'],
    arguments: ({ N, D, K }) => [kind === 'diag' ? 'VVI' : 'VVV', N, D, K].map(String),
    threads: [1],
    beside: true,
  },
]
