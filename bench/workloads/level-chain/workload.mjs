/** A random walk seen through noise. No peer: it serves to see how chains of Gaussian latents grow with their length. */
function generate({ T }, { normal }) {
  const y = new Float64Array(T)
  let level = 0
  for (let t = 0; t < T; t++) {
    level += 0.3 * normal()
    y[t] = level + normal()
  }
  return { arrays: { y: { values: y, shape: [T] } }, start: { m: 0, q: 1, s: 1 } }
}

export const workload = {
  id: 'level-chain',
  title: 'Gaussian chain',
  sizes: { T: 1e5 },
  quick: { T: 1e4 },
  generate,
  peers: [],
}
