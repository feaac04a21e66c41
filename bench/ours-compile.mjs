/** Milliseconds from the text of a model to its derived program: the first time in this process, and the median of the next 9. Argument: a model file. */
import { readFileSync } from 'node:fs'
import { compileOrThrow } from '../dist/index.js'
import { median } from './lib/statistics.mjs'

const source = readFileSync(process.argv[2], 'utf8')
const times = Array.from({ length: 10 }, () => {
  const began = performance.now()
  compileOrThrow(source)
  return performance.now() - began
})
console.log(JSON.stringify({ first: times[0], later: median(times.slice(1)) }))
