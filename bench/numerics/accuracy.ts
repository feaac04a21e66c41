/**
 * Largest errors of the functions in generated WebAssembly and of those in JavaScript, over random points, against mpmath:
 * the table of docs/accuracy.md. By hand, on an engine that has relaxed SIMD:
 *
 *     accuracy.js PYTHON [POINTS [FUNCTION,…]] > table.md     PYTHON: an interpreter that has mpmath (and gmpy2)
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KFunction } from '../../compiler/kernel/types.js'
import { type UnaryFunction, unaryFunctions } from '../../compiler/targets/scalar-functions.js'
import { engineFeatures } from '../../compiler/targets/wasm/engine-features.js'
import { kernelFunction } from '../../test/support/kernel-function.js'
import { ulp } from '../../test/support/ulp.js'

type Unary = UnaryFunction & KFunction

interface Range {
  readonly fn: Unary
  readonly from: number
  readonly to: number
  /** Uniform in x, or in log |x|. */
  readonly spread: boolean
}

const uniform = (fn: Unary, ...borders: readonly number[]): readonly Range[] =>
  borders.slice(1).map((to, i) => ({ fn, from: borders[i] ?? 0, to, spread: false }))
const spread = (fn: Unary, from: number, to: number): Range => ({ fn, from, to, spread: true })

const ranges: readonly Range[] = [
  ...uniform('exp', -745.1, -708.4, -1, 0, 1, 709.78),
  ...uniform('expm1', -38, -1, 0, 1, 709.78),
  spread('expm1', 1e-320, 1),
  spread('log', 5e-324, 2.2e-308),
  spread('log', 2.3e-308, 1.7e308),
  ...uniform('log', 0.5, 0.99, 1.01, 2),
  ...uniform('log1p', -1, -0.3, 0, 0.5, 2),
  spread('log1p', 1e-300, 1e-2),
  spread('log1p', 2, 1.7e308),
  ...uniform('log1pexp', -745, -37, 0, 40, 1000),
  ...uniform('log1mexp', -745, -37, -1, 0),
  spread('log1mexp', -1e-300, -1e-2),
  ...uniform('logistic', -745, -37, 0, 40),
  ...uniform('logLogistic', -1000, -37, 0, 40, 745),
  spread('logit', 1e-300, 0.1),
  ...uniform('logit', 0, 0.45, 0.55, 1),
  spread('lgamma', 1e-300, 0.1),
  ...uniform('lgamma', 0, 0.5, 1.25, 2.5, 5, 100),
  spread('lgamma', 100, 1e305),
  spread('digamma', 1e-300, 0.1),
  ...uniform('digamma', 0, 1.1, 2.1, 4.1, 100),
  spread('digamma', 100, 1e305),
  spread('trigamma', 1e-150, 0.1),
  ...uniform('trigamma', 0, 1, 4, 100),
  spread('trigamma', 100, 1e305),
  ...uniform('Phi', -38, -5.65, -0.68, 0.68, 8),
  ...uniform('logPhi', -38, -5.65, -0.68, 0.68, 8, 38),
  spread('logPhi', -38, -1e150),
  ...uniform('inverseMills', -38, -5.65, -0.68, 0.68, 8, 38),
  spread('inverseMills', -38, -1e150),
  ...uniform('atan', -10, -1, 0, 1, 10),
  spread('atan', 1e-300, 1e300),
  ...uniform('sin', -0.8, 0.8, 6.3, 1000, 823549),
  spread('sin', 1e-300, 1),
  ...uniform('cos', -0.8, 0.8, 6.3, 1000, 823549),
]

/** Mulberry32, for points that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  return () => (next() + next() / 2 ** 32) / 2 ** 32
}

function pointsOf({ from, to, spread: logarithmic }: Range, count: number, random: () => number): Float64Array {
  if (!logarithmic) return Float64Array.from({ length: count }, () => from + random() * (to - from))
  const [a, b] = [Math.log(Math.abs(from)), Math.log(Math.abs(to))]
  // times what fills the last places: numbers e^u have a logarithm that is a double almost
  const size = (): number => Math.exp(a + random() * (b - a)) * (1 + random() / 64)
  return Float64Array.from({ length: count }, () => Math.sign(from) * Math.min(size(), Math.abs(to)))
}

const folder = mkdtempSync(join(tmpdir(), 'accuracy-'))
const script = fileURLToPath(new URL('references.py', import.meta.url))

/** Pairs: the double nearest f(x), and what is left in units of its last place. */
function references(python: string, fn: string, points: Float64Array): Float64Array {
  const [input, output] = [join(folder, 'points'), join(folder, 'references')]
  writeFileSync(input, new Uint8Array(points.buffer))
  execFileSync(python, [script, fn, input, output])
  return new Float64Array(new Uint8Array(readFileSync(output)).buffer)
}

function largestError(found: Float64Array, wanted: Float64Array): number {
  return found.reduce((worst, y, i) => {
    const value = wanted[2 * i] ?? 0
    const rest = wanted[2 * i + 1] ?? 0
    const error = y === value ? Math.abs(rest) : Math.abs((y - value) / ulp(value) - rest)
    return Math.max(worst, Number.isNaN(error) ? Infinity : error)
  }, 0)
}

function main([python = 'python3', count = '100000', only]: readonly string[]): void {
  if (!engineFeatures().relaxed) throw new Error('this engine has no relaxed SIMD')
  const random = numbers(7)
  process.stdout.write('| function | from | to | fused | product and sum | JavaScript |\n|---|---|---|---|---|---|\n')
  for (const range of ranges) {
    if (only !== undefined && !only.split(',').includes(range.fn)) continue
    const points = pointsOf(range, Number(count), random)
    const wanted = references(python, range.fn, points)
    const js = unaryFunctions[range.fn]
    const errors = [
      kernelFunction(range.fn, true)(points),
      kernelFunction(range.fn, false)(points),
      points.map(js),
    ].map((found) => largestError(found, wanted).toFixed(2))
    process.stdout.write(`| ${range.fn} | ${range.from} | ${range.to} | ${errors.join(' | ')} |\n`)
  }
}

main(process.argv.slice(2))
