/**
 * Compile time of every example with the data it comes with, and of a model of sixty lines: each in a process of its own,
 * the first compile of the process and the median of later ones.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeOf } from '../prepare.mjs'

const bench = fileURLToPath(new URL('../', import.meta.url))
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
/** What of `estep fit` says how data binds. */
const binding = new Set(['--columns', '--set', '--group-by'])

/** `{ name, what, args }`: every model of the examples with the first data that it is tried on. */
function cases() {
  const found = []
  for (const folder of readdirSync(examples).sort()) {
    const expected = `${examples}${folder}/expected.json`
    if (!existsSync(expected)) continue
    const seen = new Set()
    for (const { model, data, args } of JSON.parse(readFileSync(expected, 'utf8'))) {
      if (seen.has(model) || args.includes('hard')) continue
      seen.add(model)
      const options = args.flatMap((arg, i) => (i % 2 === 0 && binding.has(arg) ? [arg, args[i + 1]] : []))
      const files = [model, ...data].map((file) => `${examples}${folder}/${file}`)
      found.push({ name: `${folder}/${model}`, what: 'executable', args: [...files, ...options] })
    }
  }
  return [...found, { name: 'sixty lines', what: 'program', args: [`${bench}models/sixty-lines.estep`] }]
}

export async function compileTimes({ quick, ledger, log }) {
  const all = cases()
  for (const { name, what, args } of quick ? [...all.slice(0, 5), ...all.slice(-1)] : all) {
    await ledger.row('compile', name, () => {
      try {
        const options = { encoding: 'utf8', stdio: 'pipe', timeout: 120_000 }
        const times = JSON.parse(execFileSync(nodeOf(24), [`${bench}ours-compile.mjs`, ...args], options))
        const ms = (x) => `${x.toFixed(1)} ms`
        log(`compile ${name}: first ${ms(times.first)}, later ${ms(times.later)}, modules ${ms(times.modules)}`)
        return { name, what, ...times }
      } catch (error) {
        const why = `${error.stderr || error.message}`.split('\n').find((line) => /Error/.test(line)) ?? error.message
        log(`compile ${name} left out: ${why}`)
        return { name, what, why }
      }
    })
  }
}
