/** Factor analysis; the start has the column means for `mu`, where EM leaves them. */
function generate({ N, D, Q }, random) {
  const { normal, uniform } = random
  const W = Array.from({ length: D }, () => Array.from({ length: Q }, () => normal()))
  const psi = Array.from({ length: D }, () => 0.5 + uniform())
  const centre = Array.from({ length: D }, () => 3 * normal())
  const x = new Float64Array(N * D)
  const mu = new Array(D).fill(0)
  for (let n = 0; n < N; n++) {
    const f = Array.from({ length: Q }, () => normal())
    for (let d = 0; d < D; d++) {
      let value = centre[d] + psi[d] * normal()
      for (let q = 0; q < Q; q++) value += W[d][q] * f[q]
      x[n * D + d] = value
      mu[d] += value / N
    }
  }
  return {
    arrays: { x: { values: x, shape: [N, D] } },
    start: { mu, W: W.map((row) => row.map((w) => 0.5 * w + 0.3 * normal())), psi: psi.map(() => 1.5) },
  }
}

export const workload = {
  id: 'W8',
  title: 'factor analysis',
  sizes: { N: 2e5, D: 32, Q: 4 },
  quick: { N: 2e4 },
  goals: [2, 4],
  generate,
  peers: [
    ...['rows', 'blocks'].map((way) => ({
      name: `NumPy (${way})`,
      language: 'python',
      script: 'numpy-factors.py',
      needs: ['python', 'numpy'],
      arguments: [way],
      threads: [1, 2],
    })),
    {
      // the data reduced once to its scatter matrix, by hand
      name: 'NumPy (scatter)',
      language: 'python',
      script: 'numpy-factors.py',
      needs: ['python', 'numpy'],
      arguments: ['scatter'],
      threads: [1],
      beside: true,
    },
    {
      name: 'scikit-learn',
      language: 'python',
      script: 'sklearn-factors.py',
      needs: ['python', 'scikit-learn'],
      arguments: [],
      threads: [1, 2],
      slow: true,
      beside: true,
    },
  ],
}
