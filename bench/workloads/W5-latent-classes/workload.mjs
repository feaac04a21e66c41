/** Latent classes: each item has its own probabilities in each class. */
function generate({ N, J, L, K }, random) {
  const { pick, simplex, uniform } = random
  const weights = simplex(K).map((w) => (w + 1 / K) / 2)
  const theta = Array.from({ length: K }, () => Array.from({ length: J }, () => simplex(L, 1.5)))
  const y = new Int32Array(N * J)
  for (let n = 0; n < N; n++) {
    const k = pick(weights)
    for (let j = 0; j < J; j++) y[n * J + j] = pick(theta[k][j])
  }
  const near = theta.map((items) =>
    items.map((p) => {
      const mixed = p.map((v) => 0.5 * v + 0.5 * ((1 + uniform()) / (1.5 * L)))
      const total = mixed.reduce((s, v) => s + v, 0)
      return mixed.map((v) => v / total)
    }),
  )
  return {
    arrays: { y: { values: y, shape: [N, J] } },
    start: { pi: Array.from({ length: K }, () => 1 / K), theta: near },
  }
}

export const workload = {
  id: 'W5',
  title: 'latent classes',
  sizes: { N: 1e6, J: 10, L: 4, K: 5 },
  quick: { N: 1e5 },
  goals: [20, 40],
  generate,
  peers: ['onehot', 'gather', 'blocks', 'packed'].map((way) => ({
    name: `NumPy (${way})`,
    language: 'python',
    script: 'numpy-latent-classes.py',
    needs: ['python', 'numpy'],
    arguments: [way],
    threads: [1, 2],
  })),
}
