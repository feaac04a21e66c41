// Plain texts to rows of doc,word,n_times: words that occur in at least two of the .txt files of a folder.
//   node make-counts.mjs texts > corpus.csv
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = process.argv[2]
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))
const documents = files.sort().map((name) => {
  const text = readFileSync(join(folder, name), 'utf8').toLowerCase()
  return { name: basename(name, '.txt'), words: text.match(/[a-z]+(?:'[a-z]+)?/g) }
})
const vocabulary = new Set(documents.flatMap((d) => d.words))
console.log('doc,word,n_times')
for (const word of [...vocabulary].sort()) {
  const counts = documents.map((d) => [d.name, word, d.words.filter((w) => w === word).length])
  const present = counts.filter((c) => c[2] > 0)
  if (present.length >= 2) for (const row of present) console.log(row.join())
}
