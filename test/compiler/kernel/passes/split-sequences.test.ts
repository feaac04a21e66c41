import { describe, expect, it } from 'vitest'
import { bindProgram, type ProgramModel } from '../../../../compiler/bind/bound-model.js'
import { buffersReadByOp, buffersWritten, k, verifyKernel } from '../../../../compiler/kernel/index.js'
import { type SequenceProgram, splitSequences } from '../../../../compiler/kernel/passes/split-sequences.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileOrThrow, type FitCallOptions } from '../../../../index.js'
import { seededRandom } from '../../../laws/support/random.js'

const random = seededRandom(5)
/** A number for each place of sequences of these lengths. */
const places = <T>(lengths: readonly number[], one: () => T): readonly (readonly T[])[] =>
  lengths.map((n) => Array.from({ length: n }, one))
const letter = (): string => 'abcd'[Math.floor(4 * random())] ?? 'a'
const lengths = [5, 1, 9, 2, 2, 30, 4, 7, 3]
const even = Array.from({ length: 12 }, () => 6)

const chain = (data: string, emission: string, params: string): string => `model M
const S = 3
${data}
param start : simplex[S]
param step : simplex[S, S]
${params}
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ ${emission} }
}`

const models: Readonly<Record<string, readonly [string, Readonly<Record<string, unknown>>]>> = {
  'sequences of many lengths': [
    chain('data y : category[R][T]', 'Categorical(b[z[t]])', 'param b : simplex[S, levels(y)]'),
    { y: places(lengths, letter) },
  ],
  'sequences of one length': [
    chain('data y : real[R, T]', 'Normal(m[z[t]], s)', 'param m : real[S]\nparam s : positive'),
    { y: places(even, random) },
  ],
  'steps that vary': [
    `model M
const S = 2
data y, x : real[R][T]
param start : simplex[S]
param a, b : real[S]
param m : real[S]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(softmax(concat(0, a[z[t-1]] + b[z[t-1]] * x[r, t]))) }
  for t in 1..T { y[r, t] ~ Normal(m[z[t]], 1) }
}`,
    { y: places(lengths, random), x: places(lengths, random) },
  ],
  'classes of sequences': [
    `model M
const K = 2
const S = 2
data y : count[R][T]
param w : simplex[K]
param start : simplex[K, S]
param step : simplex[K, S, S]
param rate : positive[K, S]
for r in 1..R {
  latent c ~ Categorical(w)
  latent z[1] ~ Categorical(start[c])
  for t in 2..T { latent z[t] ~ Categorical(step[c, z[t-1]]) }
  for t in 1..T { y[r, t] ~ Poisson(rate[c, z[t]]) }
}`,
    { y: places(lengths, () => Math.floor(5 * random())) },
  ],
  'order 2': [
    `model M
const S = 2
data y : real[R][T]
param first : simplex[S]
param second : simplex[S, S]
param step : simplex[S, S, S]
param m : real[S]
for r in 1..R {
  latent z[1] ~ Categorical(first)
  latent z[2] ~ Categorical(second[z[1]])
  for t in 3..T { latent z[t] ~ Categorical(step[z[t-2], z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(m[z[t]], 1) }
}`,
    {
      y: places(
        lengths.map((n) => n + 1),
        random,
      ),
    },
  ],
}

const bind = (model: string, backend: FitCallOptions['backend']): ProgramModel => {
  const [text, data] = models[model] ?? ['', {}]
  return compileOrThrow(text).bind(data, backend === undefined ? {} : { backend }).model
}

/** The passes of a model along sequences, as they are split. */
function splits({ program, memory }: ProgramModel): readonly (SequenceProgram | null)[] {
  const { sizes, buffers } = memory.blocks
  const [safe] = program.passes.filter((p) => p.rows === null)
  const roads = [...(program.linear?.passes.values() ?? [])].map((road) => road.evaluation)
  const all = safe === undefined ? roads : [...roads, [...safe.posterior, ...safe.objective, ...safe.statistics]]
  return all.map((ops) =>
    splitSequences(ops, program.buffers, {
      sizes,
      fresh: (prefix) => `${prefix}!`,
      beginnings(id) {
        const array = buffers.get(id)
        return array instanceof Int32Array ? array : null
      },
    }),
  )
}

function expectNear(found: Float64Array, wanted: Float64Array, tolerance: number): void {
  expect(found.length).toBe(wanted.length)
  const size = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1)
  for (const [i, x] of wanted.entries()) expect(Math.abs((found[i] ?? Number.NaN) - x)).toBeLessThan(tolerance * size)
}

describe('chains', () => {
  for (const model of Object.keys(models)) {
    it(`are taken sequence by sequence: ${model}`, () => {
      const all = splits(bind(model, 'js'))
      expect(all.length).toBe(model === 'steps that vary' ? 1 : 2)
      for (const split of all) {
        if (split === null) expect.fail('not split')
        const { prelude, sequences, postlude, buffers, added } = split
        expect(verifyKernel([...prelude, sequences, ...postlude], buffers)).toEqual([])
        // a sequence keeps nothing that is not its own, and adds to sums alone
        const space = new Map(buffers.map((b) => [b.id, b]))
        for (const id of buffersWritten(sequences)) {
          const buffer = space.get(id)
          expect(buffer?.space, id).toMatch(/sum|scratch/)
          if (buffer?.space === 'sum') expect(buffersReadByOp(sequences).has(id), id).toBe(false)
          else for (const key of buffer?.shape ?? []) expect(key, id).not.toMatch(/^size.*(#total|size:R)/)
        }
        expect(added.every((b) => b.space === 'sum')).toBe(true)
      }
    })

    it(`give what whole arrays give: ${model}`, () => {
      const params = bind(model, 'js').separated(seededRandom(3))
      for (const isSafe of [false, true]) {
        const [js, wasm] = (['js', 'wasm'] as const).map((backend) => {
          const bound = bind(model, backend)
          const { derivation, program, data, options } = bound
          const own = isSafe
            ? bindProgram({ ...derivation, program: { ...program, linear: null } }, data, options)
            : bound
          const expectation = own.eStep(params)
          const { params: next } = own.mStep(params, expectation)
          const gain = own.gain(params, expectation, next)
          return { sums: Float64Array.of(expectation.logLikelihood, ...expectation.statistics), gain, next }
        })
        if (js === undefined || wasm === undefined) throw new Error('no backends')
        expectNear(wasm.sums, js.sums, 1e-12)
        expectNear(Float64Array.of(wasm.gain, ...wasm.next), Float64Array.of(js.gain, ...js.next), 1e-9)
        expect(js.gain).toBeGreaterThan(0.01)
      }
    })
  }
})

describe('operations', () => {
  const r: Axis = { id: 'r', name: 'r', size: 'R' }
  const t: Axis = { id: 't', name: 't', size: 'T' }
  const scratch = (id: string, ...shape: string[]): Buffer => ({ id, space: 'scratch', type: 'f64', shape })
  const buffers: readonly Buffer[] = [
    { id: 'x', space: 'data', type: 'f64', shape: ['R', 'T'] },
    { id: 'total', space: 'sum', type: 'f64', shape: [] },
    scratch('a', 'R', 'T'),
    scratch('one'),
    scratch('sum'),
  ]
  const at = (...axes: readonly Axis[]) => axes.map((axis) => k.axis(axis))
  const map = (out: string, axes: readonly Axis[], value: ReturnType<typeof k.num>, place = at(...axes)): KernelOp => ({
    op: 'map',
    out,
    axes,
    at: place,
    value,
  })
  const along = (...step: KernelOp[]): KernelOp => ({ op: 'scan', axis: r, reverse: false, carry: [], step })
  const places = (...step: KernelOp[]): KernelOp => ({ op: 'scan', axis: t, reverse: false, carry: [], step })
  const x = k.load('x', ...at(r, t))
  const fill: KernelOp = { op: 'fill', out: 'sum', value: 0 }
  const add = (out: string, value = k.load('one')): KernelOp => ({
    op: 'contract',
    out,
    axes: [],
    at: [],
    factors: [value],
  })
  const made = along(places(map('one', [], x), map('a', [], k.load('one'), at(r, t)), add('sum')))
  const split = (...ops: readonly KernelOp[]): SequenceProgram | null =>
    splitSequences(ops, buffers, {
      sizes: new Map([
        ['R', 3],
        ['T', 4],
      ]),
      fresh: (prefix) => `${prefix}!`,
      beginnings: () => null,
    })
  const last: KernelOp = add('total', k.load('sum'))

  it('are parted', () => {
    const program = split(fill, made, last)
    expect(program?.prelude).toEqual([])
    expect(program?.added.map((b) => b.id)).toEqual(['sum of one!'])
    expect(program?.buffers.find((b) => b.id === 'a of one!')?.shape).toEqual(['T'])
    expect(program?.postlude.length).toBe(3)
  })

  it.each<[string, readonly KernelOp[]]>([
    ['no sequences', [map('one', [], k.num(1))]],
    ['a sum that is not empty before', [{ ...fill, value: 1 }, made, last]],
    ['a sum that is never emptied', [made, last]],
    ['a sum that a sequence reads', [fill, along(places(add('sum'), map('a', [], k.load('sum'), at(r, t))))]],
    [
      'a number that the last sequence leaves',
      [along(places(map('a', [], k.load('one'), at(r, t)), map('one', [], x)))],
    ],
    [
      'a number that another operation leaves',
      [along(places(map('one', [], x))), map('a', [r, t], k.add(x, k.load('one')))],
    ],
    [
      'places of the sequence before',
      [along(places(map('a', [], k.load('a', k.add(k.axis(r), k.num(-1)), k.axis(t)), at(r, t))))],
    ],
    ['places that are read afterwards', [fill, made, add('total', k.load('a', k.num(0), k.num(0)))]],
    ['sums that are needed in between', [fill, made, last, along(places(map('a', [], k.load('total'), at(r, t))))]],
  ])('stay as they are: %s', (_, ops) => {
    expect(split(...ops)).toBeNull()
  })
})
