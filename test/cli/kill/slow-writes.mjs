/**
 * Preloaded into `estep` by a test: writes of files are slow, and the test is told of their begin and end on stderr, so
 * that it can end the process inside one.
 */

import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const tell = (what) => process.stderr.write(`\u0001${what}\n`)
const slow = Number(process.env.SLOW_WRITES ?? 5)
const { open, rename } = files

files.open = async (path, flags, ...rest) => {
  const file = await open(path, flags, ...rest)
  if (flags !== 'wx') return file
  const { writeFile, sync } = Object.getPrototypeOf(file)
  file.writeFile = async (text) => {
    tell('begin')
    const part = Math.ceil(text.length / 4)
    for (let from = 0; from < text.length; from += part) {
      await writeFile.call(file, text.slice(from, from + part))
      await wait(slow)
    }
  }
  file.sync = async () => {
    await wait(slow)
    await sync.call(file)
    await wait(slow)
  }
  return file
}

files.rename = async (from, to) => {
  await wait(slow)
  await rename(from, to)
  await wait(slow)
  tell('end')
}
syncBuiltinESMExports()
