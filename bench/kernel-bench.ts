/**
 * Time of one data pass of a full-covariance normal mixture, written by hand as kernel operations: N rows, D columns,
 * K components, one thread. Each target's log-likelihood is printed: they must agree.
 *
 * Compile with tsc, or run with a loader for TypeScript: `node bench/kernel-bench.js [N] [D] [K]`.
 */
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { k } from '../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../compiler/kernel/types.js'
import { compileInterpreter } from '../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../compiler/targets/javascript/index.js'
import type { CompiledKernel, Memory } from '../compiler/targets/memory.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const c: Axis = { id: 'k', name: 'k', size: 'K' }
const i: Axis = { id: 'i', name: 'i', size: 'D' }
const j: Axis = { id: 'j', name: 'j', size: 'D' }

function residual(axis: Axis): KExpr {
  return k.sub(k.load('x', k.axis(n), k.axis(axis)), k.load('mu', k.axis(c), k.axis(axis)))
}

export const mixtureBuffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'D'], rows: 'rows' },
  { id: 'mu', space: 'param', type: 'f64', shape: ['K', 'D'] },
  { id: 'P', space: 'derived', type: 'f64', shape: ['K', 'D', 'D'] },
  { id: 'logdet', space: 'derived', type: 'f64', shape: ['K'] },
  { id: 'logpi', space: 'derived', type: 'f64', shape: ['K'] },
  { id: 'score', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'norm', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'r', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'S0', space: 'sum', type: 'f64', shape: ['K'] },
  { id: 'S1', space: 'sum', type: 'f64', shape: ['K', 'D'] },
  { id: 'S2', space: 'sum', type: 'f64', shape: ['K', 'D', 'D'] },
  { id: 'objective', space: 'sum', type: 'f64', shape: [] },
]

const quadratic = k.sum(i, k.sum(j, k.mul(k.load('P', k.axis(c), k.axis(i), k.axis(j)), residual(i), residual(j))))
const score = k.add(
  k.load('logpi', k.axis(c)),
  k.mul(k.num(-0.5), k.load('logdet', k.axis(c))),
  k.mul(k.num(-0.5), quadratic),
)
const weight = k.load('r', k.axis(n), k.axis(c))

export const mixtureOps: readonly KernelOp[] = [
  k.mapOver('score', [n, c], score),
  {
    op: 'reduce',
    kind: 'logSumExp',
    out: 'norm',
    axes: [n],
    over: [c],
    at: [k.axis(n)],
    value: k.load('score', k.axis(n), k.axis(c)),
  },
  k.mapOver('r', [n, c], k.call('exp', k.sub(k.load('score', k.axis(n), k.axis(c)), k.load('norm', k.axis(n))))),
  { op: 'contract', out: 'S0', axes: [c, n], at: [k.axis(c)], factors: [weight] },
  { op: 'contract', out: 'S1', axes: [c, i, n], at: [k.axis(c), k.axis(i)], factors: [weight, residual(i)] },
  {
    op: 'contract',
    out: 'S2',
    axes: [c, i, j, n],
    at: [k.axis(c), k.axis(i), k.axis(j)],
    factors: [weight, residual(i), residual(j)],
  },
  { op: 'contract', out: 'objective', axes: [n], at: [], factors: [k.load('norm', k.axis(n))] },
]

/** Rows around K centres, unit precision, from a fixed linear congruence. */
function makeMemory(rows: number, columns: number, components: number, block: number): Memory {
  let state = 12345
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const mu = Float64Array.from({ length: components * columns }, () => 3 * normal())
  const x = new Float64Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const from = Math.floor(uniform() * components) * columns
    for (let column = 0; column < columns; column++) x[row * columns + column] = (mu[from + column] ?? 0) + normal()
  }
  const P = new Float64Array(components * columns * columns)
  for (let at = 0; at < components; at++) {
    for (let row = 0; row < columns; row++) {
      for (let column = 0; column < columns; column++) {
        P[(at * columns + row) * columns + column] = row === column ? 1 : 0.05
      }
    }
  }
  return {
    sizes: new Map([
      ['N', rows],
      ['D', columns],
      ['K', components],
    ]),
    buffers: new Map([
      ['x', x],
      ['mu', mu],
      ['P', P],
      ['logdet', new Float64Array(components)],
      ['logpi', new Float64Array(components).fill(-Math.log(components))],
      ['score', new Float64Array(block * components)],
      ['norm', new Float64Array(block)],
      ['r', new Float64Array(block * components)],
      ['S0', new Float64Array(components)],
      ['S1', new Float64Array(components * columns)],
      ['S2', new Float64Array(components * columns * columns)],
      ['objective', new Float64Array(1)],
    ]),
  }
}

function pass(kernel: CompiledKernel, memory: Memory, rows: number, block: number): number {
  for (const id of ['S0', 'S1', 'S2', 'objective']) memory.buffers.get(id)?.fill(0)
  for (let from = 0; from < rows; from += block) {
    kernel.run(memory, { table: 'rows', axis: 'n', from, to: Math.min(from + block, rows) })
  }
  return memory.buffers.get('objective')?.[0] ?? Number.NaN
}

function measure(
  name: string,
  kernel: CompiledKernel,
  memory: Memory,
  rows: number,
  block: number,
  count: number,
): void {
  const times: number[] = []
  let objective = Number.NaN
  for (let at = 0; at < count; at++) {
    const start = performance.now()
    objective = pass(kernel, memory, rows, block)
    times.push(performance.now() - start)
  }
  const first = times[0] ?? Number.NaN
  const median = times.sort((left, right) => left - right)[Math.floor(count / 2)] ?? Number.NaN
  console.log(
    `${name.padEnd(24)} first ${first.toFixed(1)} ms  median ${median.toFixed(1)} ms  log-likelihood ${objective}`,
  )
}

function main(): void {
  const [rows = 100_000, columns = 4, components = 5] = process.argv.slice(2).map(Number)
  console.log(`N = ${rows}, D = ${columns}, K = ${components}`)
  for (const block of [64, 512, 4096]) {
    const memory = makeMemory(rows, columns, components, block)
    measure(`javascript, block ${block}`, compileJavaScript(mixtureOps, mixtureBuffers), memory, rows, block, 11)
  }
  const memory = makeMemory(rows, columns, components, 512)
  measure('interpreter, block 512', compileInterpreter(mixtureOps, mixtureBuffers), memory, rows, 512, 3)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
