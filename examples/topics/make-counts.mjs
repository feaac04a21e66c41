// Texts (or a wide table of counts) to rows of doc,word,n_times. Usage:
//   node make-counts.mjs texts > corpus.csv             a folder of .txt files, words that occur in at least 2 of them
//   node make-counts.mjs pride_counts.csv > pride.csv   first column: document, then a column per word
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const [path] = process.argv.slice(2)
const cells = []
if (statSync(path).isDirectory()) {
  const texts = readdirSync(path).filter((f) => f.endsWith('.txt')).sort()
  const words = texts.map((f) => readFileSync(join(path, f), 'utf8').toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g))
  for (const word of [...new Set(words.flat())].sort()) {
    const counts = words.map((w) => w.filter((v) => v === word).length)
    if (counts.filter((c) => c > 0).length >= 2) counts.forEach((c, d) => cells.push([basename(texts[d], '.txt'), word, c]))
  }
} else {
  const [header, ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/).map((line) => line.split(','))
  for (const [doc, ...counts] of rows) counts.forEach((c, j) => cells.push([doc, header[j + 1], Number(c)]))
}
console.log(['doc,word,n_times', ...cells.filter((c) => c[2] > 0).map((c) => c.join())].join('\n'))
