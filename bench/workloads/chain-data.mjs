/** Discrete hidden Markov chains, one long or many short ones. */
export function chainData({ T, R, S, M }, random) {
  const { uniform, pick, simplex } = random
  const near = (row, at, stay) => row.map((p, i) => (1 - stay) * p + (i === at ? stay : 0))
  const A = Array.from({ length: S }, (_, i) => near(simplex(S), i, 0.7))
  const B = Array.from({ length: S }, () => simplex(M, 2))
  const length = T / R
  const y = new Int32Array(T)
  for (let r = 0; r < R; r++) {
    let z = pick(new Array(S).fill(1 / S))
    for (let t = 0; t < length; t++) {
      if (t > 0) z = pick(A[z])
      y[r * length + t] = pick(B[z])
    }
  }
  const blur = (row) => {
    const mixed = row.map((p) => 0.6 * p + (0.4 * (0.5 + uniform())) / row.length)
    const total = mixed.reduce((s, v) => s + v, 0)
    return mixed.map((v) => v / total)
  }
  return {
    arrays: { y: { values: y, shape: R === 1 ? [T] : [R, length] } },
    start: { pi0: new Array(S).fill(1 / S), A: A.map(blur), B: B.map(blur) },
  }
}

/** Programs for such chains. C uses a second thread where there are sequences to share out. */
export const chainPeers = (threads) => [
  {
    name: 'C',
    language: 'c',
    needs: ['gcc'],
    arguments: ({ T, R, M }) => [R, T / R, M].map(String),
    threads,
  },
  {
    name: 'hmmlearn',
    language: 'python',
    script: 'hmmlearn-chain.py',
    needs: ['python', 'hmmlearn'],
    arguments: [],
    threads: [1],
    beside: true,
  },
]
