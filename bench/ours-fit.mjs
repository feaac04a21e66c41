/**
 * A whole fit of ours from start values until an objective is reached: seconds from the call of `fit` to that iteration, and
 * from when the data was bound. Arguments: folder of the workload, folder of its data, options of the fit as JSON, the objective.
 */
import { readFileSync } from 'node:fs'
import { compileOrThrow } from 'estep'
import { readData } from './lib/data-files.mjs'
import { asTable, constsOf } from './lib/our-data.mjs'

const [workloadFolder, folder, optionsText, targetText] = process.argv.slice(2)
const target = Number(targetText)
const model = compileOrThrow(readFileSync(`${workloadFolder}/model.estep`, 'utf8'))
const data = readData(folder)
const REACHED = new Error('reached')
const began = performance.now()
let searchBegan = null
let reached = null
const signal = {
  get aborted() {
    searchBegan ??= performance.now()
    if (reached !== null) throw REACHED
    return false
  },
}
try {
  await model.fit([asTable(data)], {
    ...JSON.parse(optionsText),
    set: constsOf(model, data.sizes),
    start: data.start,
    restarts: 1,
    tolerance: 0,
    maxIterations: 10000,
    trace: false,
    signal,
    onIteration({ objective, iteration }) {
      // sums in another order differ in their last digits
      if (reached !== null || objective < target - 1e-12 * Math.abs(target)) return
      const now = performance.now()
      reached = {
        seconds: (now - began) / 1000,
        searchSeconds: (now - searchBegan) / 1000,
        iterations: iteration,
        objective,
      }
    },
  })
} catch (e) {
  if (e !== REACHED) throw e
}
if (reached === null) throw new Error(`the objective ${target} was not reached`)
console.log(JSON.stringify(reached))
