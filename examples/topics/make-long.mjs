// A wide table of counts (first column: document, then a column per word) to rows of doc,word,n_times.
//   node make-long.mjs pride_counts.csv > pride.csv
import { readFileSync } from 'node:fs'

const lines = readFileSync(process.argv[2], 'utf8').trim().split(/\r?\n/)
const [header, ...rows] = lines.map((line) => line.split(','))
console.log('doc,word,n_times')
for (const [doc, ...counts] of rows)
  for (const [j, count] of counts.entries()) if (Number(count) > 0) console.log([doc, header[j + 1], count].join())
