/**
 * Our side of a workload, with the manners of the peers (`peers/serve.py`): binds the data, says that it is ready, and runs
 * as many iterations of `fit` as each line of its input asks for. The fit waits inside `onIteration`, so what is timed is
 * the loop that users run. Arguments: folder of the workload, folder of its data, options of the fit as JSON.
 */
import { readFileSync, readSync, writeSync } from 'node:fs'
import { compileOrThrow } from 'estep'
import { readData } from './lib/data-files.mjs'
import { asTable, constsOf } from './lib/our-data.mjs'

const [workloadFolder, folder, optionsText = '{}'] = process.argv.slice(2)
const options = JSON.parse(optionsText)
const source = readFileSync(`${workloadFolder}/model.estep`, 'utf8')
const say = (message) => writeSync(1, `${JSON.stringify(message)}\n`)
const used = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Peak resident memory so far, in MB. */
const peak = () => process.resourceUsage().maxRSS / 1024

const input = Buffer.alloc(256)
let rest = ''
/** The next line of the input as a number; null at its end. */
function nextNumber() {
  for (;;) {
    const end = rest.indexOf('\n')
    if (end >= 0) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 1)
      return Number(line)
    }
    const length = readSync(0, input)
    if (length === 0) return null
    rest += input.toString('latin1', 0, length)
  }
}

const began = performance.now()
const model = compileOrThrow(source)
const compileSeconds = (performance.now() - began) / 1000
const baseline = peak()
const data = readData(folder)
const bytes = Object.values(data.arrays).reduce((sum, { values }) => sum + values.byteLength, 0)

let left = 0
let seconds = []
let processor = []
let objective = null
let objectives = []
let from = 0
let fromUsed = 0
/** `fit` asks whether it is to stop once at its beginning, and before each iteration. */
let polls = 0
let between = true
const END = new Error('the end of the input')
const fitBegan = performance.now()
let searchBegan = fitBegan

/** Says what the last iterations took, and waits for the next request. */
function turn() {
  if (polls > 2) say({ seconds, processor, objective, objectives, peak: peak() })
  else {
    const now = performance.now()
    say({
      ready: true,
      objective,
      compileSeconds,
      bindSeconds: (searchBegan - fitBegan) / 1000,
      firstSeconds: (now - searchBegan) / 1000,
      baseline,
      dataMegabytes: bytes / 2 ** 20,
      versions: { node: process.version },
    })
  }
  left = nextNumber()
  if (left === null) throw END
  seconds = []
  processor = []
  objectives = []
}

const signal = {
  get aborted() {
    if (!between) return false
    polls++
    if (polls === 1) searchBegan = performance.now()
    else {
      if (left === 0) turn()
      between = false
      from = performance.now()
      fromUsed = used()
    }
    return false
  },
}

try {
  await model.fit([asTable(data)], {
    ...options,
    set: constsOf(model, data.sizes),
    start: data.start,
    restarts: 1,
    tolerance: 0,
    maxIterations: 1e9,
    trace: false,
    signal,
    onIteration(progress) {
      seconds.push((performance.now() - from) / 1000)
      processor.push(used() - fromUsed)
      objective = progress.objective
      objectives.push(objective)
      left--
      between = true
    },
  })
} catch (e) {
  if (e !== END) throw e
}
