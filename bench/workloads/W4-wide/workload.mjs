import { mixtureData, mixturePeers } from '../mixture-data.mjs'

export const workload = {
  id: 'W4',
  title: 'Gaussian mixture, full',
  sizes: { N: 2e4, D: 64, K: 10 },
  quick: { N: 1e4 },
  goals: [1, 1.8],
  generate: (sizes, random) => mixtureData(sizes, random, { full: true, spread: 0.5 }),
  peers: mixturePeers('full'),
}
