// The labels of one E-step as a matrix of 0 and 1: a line for each component, a column for each pixel.
// Usage: estep fit … --mode hard --trace --out fit.json; node matrix.mjs fit.json 0 > matrix.csv (0: the E-step at the start)
import { readFileSync } from 'node:fs'

const [file, iteration] = process.argv.slice(2)
const fit = JSON.parse(readFileSync(file, 'utf8'))
const { labels } = fit.iterates.find((row) => row.iteration === Number(iteration))
const components = fit.params.mu.map((_, k) => String(k + 1))
console.log(components.map((k) => labels.z.map((z) => (z === k ? 1 : 0)).join(',')).join('\n'))
