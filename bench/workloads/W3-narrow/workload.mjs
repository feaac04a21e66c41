import { mixtureData, mixturePeers } from '../mixture-data.mjs'

export const workload = {
  id: 'W3',
  title: 'Gaussian mixture, full',
  sizes: { N: 1e6, D: 2, K: 3 },
  quick: { N: 1e5 },
  goals: [12, 24],
  objectiveGoal: 24,
  generate: (sizes, random) => mixtureData(sizes, random, { full: true, spread: 2 }),
  peers: mixturePeers('full'),
}
