/**
 * What a gradient costs: arithmetic that generated code executes for Q and its gradient together, against Q alone (the
 * cheap gradient principle; Griewank and Walther 2008, section 3.3).
 */
import { describe, expect, test } from 'vitest'
import { bindProgram } from '../../../compiler/bind/bound-model.js'
import type { KernelOp } from '../../../compiler/kernel/types.js'
import { resolveArguments, resolveHelpers } from '../../../compiler/targets/javascript/bindings.js'
import { emitJavaScript } from '../../../compiler/targets/javascript/emit-javascript.js'
import { compileJavaScript } from '../../../compiler/targets/javascript/index.js'
import { instantiate } from '../../../compiler/targets/javascript/instantiate.js'
import type { BoundArray, BoundData } from '../../../runtime/contract.js'
import { seededRandom } from '../../laws/support/random.js'
import { deriveText } from '../../support/derive.js'

const ROWS = 60

/** Bound columns, each with its shape. */
function data(
  arrays: Readonly<Record<string, readonly [readonly number[], readonly number[]]>>,
  sizes: Readonly<Record<string, number>>,
): BoundData {
  const array = (name: string, values: readonly number[], shape: readonly number[]): BoundArray => ({
    name,
    values: Float64Array.from(values),
    shape,
    offsets: null,
    missing: 0,
  })
  return {
    arrays: new Map(Object.entries(arrays).map(([name, [values, shape]]) => [name, array(name, values, shape)])),
    sizes: new Map(Object.entries(sizes)),
    lengths: new Map(),
    levels: new Map(),
    columns: new Map(),
    warnings: [],
  }
}

/** Operators and calls of a line of generated code that are arithmetic on values, not on positions. */
function arithmetic(line: string): number {
  if (/^\s*(for|const [bsc]\d)/.test(line) || line.includes('Math.imul')) return 0
  const code = line.replace(/\[[^[\]]*\]/g, '')
  const operators = code.match(/ [-+*/] |\+=|-=|\*=/g)?.length ?? 0
  const signs = code.match(/[=(] ?-[va(]/g)?.length ?? 0
  const calls = code.match(/Math\.\w+\(|\bh\d+\(/g)?.length ?? 0
  return operators + signs + calls
}

/** Runs operations and counts the arithmetic that they execute. */
function executed(ops: readonly KernelOp[], model: ReturnType<typeof bindProgram>): number {
  const emitted = emitJavaScript(ops, model.program.buffers)
  const count = { n: 0 }
  const source = emitted.source
    .split('\n')
    .map((line) => {
      const cost = arithmetic(line)
      return cost > 0 && line.trimEnd().endsWith(';') ? `${line} h.count.n += ${cost};` : line
    })
    .join('\n')
  const helpers = Object.assign([...resolveHelpers(emitted.bindings)], { count })
  const declared = new Map(model.program.buffers.map((b) => [b.id, b]))
  const { arrays, integers, sparse } = resolveArguments(emitted.bindings, declared, model.memory.blocks, null)
  for (const run of instantiate({ ...emitted, source }, helpers)) run(arrays, integers, sparse)
  return count.n
}

const random = seededRandom(3)
const uniform = (n: number): readonly number[] => Array.from({ length: n }, () => 2 * random() - 1)
const [x, t] = [uniform(ROWS), uniform(ROWS)].map((v) => [v, [ROWS]] as const)
if (x === undefined || t === undefined) throw new Error('no columns')
const bits = [Array.from({ length: ROWS }, () => Math.round(random())), [ROWS]] as const
const counts = [Array.from({ length: ROWS }, () => Math.floor(5 * random())), [ROWS]] as const
const X = [uniform(ROWS * 8), [ROWS, 8]] as const

const mixture = (declarations: string, density: string): string =>
  `model M\nconst K = 3\n${declarations}\nparam pi : simplex[K]\nfor n in 1..N {\n  latent z ~ Categorical(pi)\n  ${density}\n}`

const MODELS: readonly (readonly [string, string, BoundData])[] = [
  [
    'a mixture of logistic regressions on 8 covariates',
    mixture(
      'data X : real[N, P]\ndata y : bool[N]\nparam a : real[K]\nparam b : real[K, P]',
      'y[n] ~ Bernoulli(logistic(a[z] + dot(b[z], X[n])))',
    ),
    data({ X, y: bits }, { N: ROWS, P: 8 }),
  ],
  [
    'a mixture of Poisson regressions',
    mixture('data x : real[N]\ndata y : count[N]\nparam a, b : real[K]', 'y[n] ~ Poisson(exp(a[z] + b[z] * x[n]))'),
    data({ x, y: counts }, { N: ROWS }),
  ],
  [
    'a gate of a mixture of experts',
    'model M\nconst K = 3\ndata X : real[N, P]\ndata t : real[N]\nparam G : real[K, P]\nparam m : real[K]\nfor n in 1..N {\n' +
      '  latent z ~ Categorical(softmax(G * X[n]))\n  t[n] ~ Normal(m[z], 1)\n}',
    data({ X, t }, { N: ROWS, P: 8 }),
  ],
  [
    'a probit regression',
    'model M\ndata X : real[N, P]\ndata y : bool[N]\nparam a : real\nparam b : real[P]\nfor n in 1..N { y[n] ~ Bernoulli(Phi(a + dot(b, X[n]))) }',
    data({ X, y: bits }, { N: ROWS, P: 8 }),
  ],
  [
    'a curve that is not linear',
    'model M\ndata x, t : real[N]\nparam a, b, c : real\nparam s : positive\nfor n in 1..N { t[n] ~ Normal(a * exp(-b * x[n]) + c, s) }',
    data({ x, t }, { N: ROWS }),
  ],
]

describe('a gradient, with its value, takes at most five evaluations', () => {
  test.each(MODELS)('%s', (_, text, bound) => {
    const derivation = deriveText(text)
    const model = bindProgram(derivation, bound, { set: new Map(), compile: compileJavaScript })
    const params = model.interior(seededRandom(5))
    model.mStep(params, model.eStep(params))
    for (const block of model.program.numeric) {
      const value = [...block.value, ...block.rows.flatMap((r) => r.value)]
      const gradient = [...block.gradient, ...block.rows.flatMap((r) => r.gradient)]
      const [alone, together] = [executed(value, model), executed([...value, ...gradient], model)]
      expect(alone).toBeGreaterThan(ROWS)
      expect(together).toBeGreaterThan(alone)
      expect(together / alone, `${together} after ${alone}`).toBeLessThanOrEqual(5)
    }
    expect(model.program.numeric.length).toBeGreaterThan(0)
  })
})
