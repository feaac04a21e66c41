import { chainData, chainPeers } from '../chain-data.mjs'

export const workload = {
  id: 'W6-chains',
  title: 'discrete hidden Markov chains',
  sizes: { T: 1e6, R: 1000, S: 8, M: 16 },
  quick: { T: 1e5, R: 100 },
  goals: [1.3, 1.8],
  generate: chainData,
  peers: chainPeers([1, 2]),
}
