// How far imputed cells lie from the true ones, beside the means of the columns.
// Usage: node rmse.mjs TRUE.csv MASKED.csv IMPUTED.csv (of `estep predict --impute`)
import { readFileSync } from 'node:fs'

const table = (file) => {
  const [header, ...rows] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  return (name) => rows.map((row) => Number(row[header.indexOf(name)]))
}
const [truth, masked, filled] = process.argv.slice(2).map(table)
let cells = 0
let [imputed, columnMean] = [0, 0]
for (const name of ['t1', 't2']) {
  const seen = masked(name)
  const known = seen.filter((v) => !Number.isNaN(v))
  const mean = known.reduce((a, b) => a + b, 0) / known.length
  const values = filled(name)
  truth(name).forEach((v, n) => {
    if (!Number.isNaN(seen[n])) return
    cells++
    imputed += (values[n] - v) ** 2
    columnMean += (mean - v) ** 2
  })
}
const [model, mean] = [Math.sqrt(imputed / cells), Math.sqrt(columnMean / cells)]
console.log(
  `${cells} cells: RMSE ${model.toFixed(3)}, of column means ${mean.toFixed(3)}: ${((100 * model) / mean).toFixed(1)} %`,
)
