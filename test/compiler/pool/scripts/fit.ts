/** A fit by as many workers as are asked for; prints its result and how many there were, and ends by itself. */
import { Worker } from 'node:worker_threads'
import { compileOrThrow } from '../../../../index.js'

const threads = Number(process.argv[2])
let started = 0
const { postMessage } = Worker.prototype
const seen = new Set<Worker>()
Worker.prototype.postMessage = function (this: Worker, ...args) {
  if (!seen.has(this)) started++
  seen.add(this)
  return postMessage.apply(this, args)
}
const rows = Array.from({ length: 10_000 }, (_, i) => [(i % 3) * 4 + Math.sin(i * i), Math.cos(7 * i) * (1 + (i % 2))])
const model = compileOrThrow(`model Full
const K = 3
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`)
const fit = await model.fit({ x: rows }, { threads, restarts: 2, init: 'random', maxIterations: 200, tolerance: 0 })
console.log(JSON.stringify({ started, result: fit.toJSON() }))
