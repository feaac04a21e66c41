/** Mixture of linear regressions; the first covariate is 1. */
function generate({ N, P, K }, random) {
  const { normal, uniform, pick, simplex } = random
  const weights = simplex(K).map((w) => (w + 1 / K) / 2)
  const beta = Array.from({ length: K }, () => Array.from({ length: P }, () => 1.5 * normal()))
  const sigma = Array.from({ length: K }, () => 0.5 + 0.7 * uniform())
  const x = new Float64Array(N * P)
  const y = new Float64Array(N)
  for (let n = 0; n < N; n++) {
    const k = pick(weights)
    let mean = 0
    for (let p = 0; p < P; p++) {
      const value = p === 0 ? 1 : normal()
      x[n * P + p] = value
      mean += beta[k][p] * value
    }
    y[n] = mean + sigma[k] * normal()
  }
  return {
    arrays: { x: { values: x, shape: [N, P] }, y: { values: y, shape: [N] } },
    start: {
      pi: Array.from({ length: K }, () => 1 / K),
      beta: beta.map((row) => row.map((b) => b + 0.3 * normal())),
      sigma: sigma.map(() => 1.5),
    },
  }
}

export const workload = {
  id: 'W7',
  title: 'mixture of linear regressions',
  sizes: { N: 1e6, P: 6, K: 4 },
  quick: { N: 1e5 },
  goals: [10, 20],
  generate,
  peers: [
    ...['products', 'blocks', 'rows'].map((way) => ({
      name: `NumPy (${way})`,
      language: 'python',
      script: 'numpy-regressions.py',
      needs: ['python', 'numpy'],
      arguments: [way],
      threads: [1, 2],
    })),
    {
      name: 'flexmix',
      language: 'r',
      script: 'flexmix-regressions.R',
      needs: ['R', 'flexmix'],
      arguments: ({ N, P, K }) => [N, P, K].map(String),
      threads: [1],
      slow: true,
      beside: true,
    },
  ],
}
