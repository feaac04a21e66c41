/**
 * Data of a workload as files that every program reads: `NAME.f64` and `NAME.i32`, raw little-endian numbers row after
 * row, and `about.json` with sizes, shapes and start values. Made once per size and seed, kept in `bench/.data`.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'
import { randomSource } from './random.mjs'

const root = fileURLToPath(new URL('../.data/', import.meta.url))

/** The folder of the data, which is made if it is not there. `generate(sizes, random)` gives `{ arrays, start }`. */
export function dataFolder(workload, sizes) {
  const text = `${workload.generate} ${randomSource}`
  const version = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const label = Object.entries(sizes).map(([name, size]) => `${name}${size}`)
  const folder = `${root}${[workload.id, ...label, version].join('-')}`
  if (existsSync(folder)) return folder
  const { arrays, start } = workload.generate(sizes, randomSource(20260101))
  const draft = `${folder}.draft-${process.pid}`
  mkdirSync(draft, { recursive: true })
  const shapes = {}
  for (const [name, { values, shape }] of Object.entries(arrays)) {
    const type = values instanceof Int32Array ? 'i32' : 'f64'
    writeFileSync(`${draft}/${name}.${type}`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    shapes[name] = { type, shape }
  }
  // for programs that read no JSON: the start values one after another
  writeFileSync(`${draft}/start-numbers.f64`, new Uint8Array(Float64Array.from(Object.values(start).flat(9)).buffer))
  writeFileSync(`${draft}/about.json`, JSON.stringify({ sizes, arrays: shapes, start }))
  try {
    renameSync(draft, folder)
  } catch (e) {
    if (!existsSync(folder)) throw e
    rmSync(draft, { recursive: true })
  }
  return folder
}

/** `{ sizes, start, arrays }` of such a folder, arrays as `{ values, shape }`. */
export function readData(folder) {
  const about = JSON.parse(readFileSync(`${folder}/about.json`, 'utf8'))
  const arrays = {}
  for (const [name, { type, shape }] of Object.entries(about.arrays)) {
    const buffer = contents(`${folder}/${name}.${type}`)
    arrays[name] = { values: type === 'i32' ? new Int32Array(buffer) : new Float64Array(buffer), shape }
  }
  return { ...about, arrays }
}

/** The bytes of a file, read straight to where they stay: a second copy would count in the peak of memory. */
function contents(path) {
  const file = openSync(path, 'r')
  const buffer = new ArrayBuffer(fstatSync(file).size)
  const piece = 1 << 24
  for (let at = 0; at < buffer.byteLength; ) {
    at += readSync(file, new Uint8Array(buffer, at, Math.min(piece, buffer.byteLength - at)))
  }
  closeSync(file)
  return buffer
}
