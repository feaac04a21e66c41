// Writes the colours of a picture as a table, a pixel a row. Usage: node pixels.mjs photo.png > pixels.csv
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { decode } from 'fast-png'
import { colours } from './segment.mjs'

console.log(['r,g,b', ...colours(decode(readFileSync(argv[2]))).map((colour) => colour.join())].join('\n'))
