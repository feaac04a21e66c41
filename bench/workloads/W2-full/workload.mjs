import { mixtureData, mixturePeers } from '../mixture-data.mjs'

export const workload = {
  id: 'W2',
  title: 'Gaussian mixture, full',
  sizes: { N: 2e5, D: 16, K: 16 },
  quick: { N: 2e4 },
  goals: [3, 6],
  objectiveGoal: 6,
  generate: (sizes, random) => mixtureData(sizes, random, { full: true, spread: 0.6 }),
  peers: mixturePeers('full'),
}
