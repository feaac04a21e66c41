import { chainData, chainPeers } from '../chain-data.mjs'

export const workload = {
  id: 'W6',
  title: 'discrete hidden Markov chain',
  sizes: { T: 1e6, R: 1, S: 8, M: 16 },
  quick: { T: 1e5 },
  goals: [1.3, 1.8],
  generate: chainData,
  peers: chainPeers([1]),
}
