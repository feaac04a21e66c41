/** Compile time of every example: in a process of its own, the first one and the median of later ones. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeOf } from '../prepare.mjs'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const script = fileURLToPath(new URL('../ours-compile.mjs', import.meta.url))

export function compileTimes({ quick, log }) {
  const files = readdirSync(examples, { recursive: true })
    .filter((name) => name.endsWith('.estep'))
    .sort()
  const chosen = quick ? files.slice(0, 5) : files
  return chosen.map((file) => {
    const text = execFileSync(nodeOf(24), [script, `${examples}${file}`], { encoding: 'utf8' })
    const times = JSON.parse(text)
    log(`compile ${file}: first ${times.first.toFixed(1)} ms, later ${times.later.toFixed(1)} ms`)
    return { file, ...times }
  })
}
