// A text to one row a letter, words numbered. Usage: node make-letters.mjs ../topics/texts/gettysburg.txt > letters.csv
import { readFileSync } from 'node:fs'

const words =
  readFileSync(process.argv[2], 'utf8')
    .toLowerCase()
    .match(/[a-z]+/g) ?? []
console.log('word,letter')
words.forEach((word, i) => {
  for (const letter of word) console.log(`${i + 1},${letter}`)
})
