import { mixtureData, mixturePeers } from '../mixture-data.mjs'

export const workload = {
  id: 'W1',
  title: 'Gaussian mixture, diagonal',
  sizes: { N: 1e6, D: 8, K: 8 },
  quick: { N: 1e5 },
  goals: [4, 8],
  objectiveGoal: 8,
  generate: (sizes, random) => mixtureData(sizes, random, { full: false, spread: 0.9 }),
  peers: mixturePeers('diag'),
}
