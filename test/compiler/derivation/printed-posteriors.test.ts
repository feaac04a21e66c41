/** Λ and h of Normal posteriors, and the parameters of conjugate ones, as they are printed give the posterior that is executed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { num } from '../../../compiler/algebra/build.js'
import { type Environment, evaluate } from '../../../compiler/algebra/evaluate.js'
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'
import { besideEachOther } from '../../../compiler/derivation/block-names.js'
import { conjugateParameters } from '../../../compiler/derivation/conjugate-step.js'
import { gaussianSystem } from '../../../compiler/derivation/gaussian-system.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import type { BlockLatent } from '../../../compiler/estep/types.js'
import { compileOrThrow } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

type Nested = number | null | readonly Nested[]
type Data = Readonly<Record<string, readonly Nested[] | readonly string[]>>

const read = (name: string): string =>
  readFileSync(new URL(`../../certify/models/${name}.estep`, import.meta.url), 'utf8')

const at = (value: unknown, index: readonly number[]): unknown =>
  index.reduce((v: unknown, i) => (Array.isArray(v) ? v[i - 1] : undefined), value)

/** Numbers for what a formula reads: the data, and params at the values of a fit. */
function environment(
  data: Data,
  params: Readonly<Record<string, unknown>>,
  sizes: ReadonlyMap<string, number>,
): Environment {
  const levels = (column: readonly unknown[]): readonly unknown[] => [...new Set(column)].sort()
  return {
    ref(space, name, index) {
      if (space === 'size') return sizes.get(name.replace(/^size:/, '')) ?? Number.NaN
      if (space === 'param') return Number(at(params[name], index))
      const column = data[name.replace(/^reference /, '')] ?? []
      const cell = at(column, index)
      if (space === 'observed') return cell === null ? 0 : 1
      if (space === 'data') return typeof cell === 'string' ? levels(column).indexOf(cell) + 1 : Number(cell)
      // the reference point of a half-observed array: its data, or the mean of the column
      const own = column.map((row) => at(row, index.slice(1))).filter((v) => v !== null)
      return cell === null ? own.reduce((s: number, v) => s + Number(v), 0) / own.length : Number(cell)
    },
  }
}

/** Every assignment of index variables. */
function assignments(vars: readonly IndexVar[], env: Environment): readonly ReadonlyMap<string, number>[] {
  return vars.reduce<readonly ReadonlyMap<string, number>[]>(
    (all, v) =>
      all.flatMap((known) => {
        const range = (e: Expr): number => evaluate(e, { ...env, indices: known })
        const [from, to] = [range(v.from), range(v.to)]
        return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => new Map([...known, [v.id, from + i]]))
      }),
    [new Map()],
  )
}

/** A⁻¹b and A⁻¹ by elimination. */
function solved(
  a: readonly (readonly number[])[],
  b: readonly number[],
): { readonly x: readonly number[]; readonly inverse: readonly (readonly number[])[] } {
  const n = b.length
  const rows = a.map((r, i) => [...r, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)), b[i] ?? 0])
  for (let k = 0; k < n; k++) {
    const pivot = rows[k]
    if (pivot === undefined) continue
    const scale = pivot[k] ?? 0
    for (let j = 0; j < pivot.length; j++) pivot[j] = (pivot[j] ?? 0) / scale
    for (const [i, r] of rows.entries()) {
      const factor = r[k] ?? 0
      if (i !== k) for (let j = 0; j < r.length; j++) r[j] = (r[j] ?? 0) - factor * (pivot[j] ?? 0)
    }
  }
  return { x: rows.map((r) => r[2 * n] ?? 0), inverse: rows.map((r) => r.slice(n, 2 * n)) }
}

const CASES: readonly {
  readonly model: string
  readonly data: Data
  readonly sizes: Readonly<Record<string, number>>
}[] = [
  {
    model: 'correlated-factors',
    data: {
      x: [
        [1.2, 0.4, -0.6],
        [-0.7, 0.9, 0.3],
        [0.1, -1.4, 0.8],
        [0.9, 1.1, -1.9],
        [-1.3, -0.2, 0.4],
        [0.5, 0.3, 1.7],
      ],
    },
    sizes: { N: 6 },
  },
  {
    model: 'crossed-intercepts',
    data: {
      subject: ['1', '1', '2', '2', '3', '3'],
      item: ['1', '2', '1', '2', '1', '2'],
      y: [1.1, 2.3, 0.2, 1.7, 3.1, 3.9],
    },
    sizes: { N: 6, 'levels(subject)': 3, 'levels(item)': 2 },
  },
  {
    model: 'random-slopes',
    data: {
      group: ['1', '1', '1', '2', '2', '2', '3', '3', '3'],
      x: [0, 1, 2, 0, 1, 2, 0, 1, 3],
      y: [0.2, 1.3, 1.9, 1.1, 1.0, 1.4, -0.4, 0.9, 3.3],
    },
    sizes: { N: 9, 'levels(group)': 3 },
  },
  {
    model: 'vector-chain',
    data: {
      y: [
        [0.3, -0.2],
        [1.1, 0.4],
        [0.7, -0.9],
        [-0.4, 0.6],
        [0.2, 1.2],
      ],
    },
    sizes: { T: 5 },
  },
  { model: 'local-level', data: { y: [1, null, 2.5, 3.1, null, 2.2] }, sizes: { T: 6 } },
  {
    model: 'mvnormal-missing',
    data: {
      x: [
        [1, 2],
        [null, 1.5],
        [0.3, null],
        [1.8, 2.9],
        [-0.5, 0.7],
        [2.2, 1.1],
      ],
    },
    sizes: { N: 6, D: 2 },
  },
]

describe('the printed system of a Normal posterior', () => {
  for (const { model, data, sizes } of CASES)
    it(model, async () => {
      const text = read(model)
      const derivation = deriveText(text)
      const [block] = derivation.eStep.blocks
      if (block?.kind !== 'gaussian') throw new Error('no Gaussian block')
      const fit = await compileOrThrow(text).fit(data, { maxIterations: 3, restarts: 1 })
      const names = new Map(Object.entries(sizes))
      for (const s of derivation.model.symbols)
        if (s.kind === 'size') names.set(s.id.replace(/^size:/, ''), sizes[s.name] ?? Number.NaN)
      const env = environment(data, fit.params as Readonly<Record<string, unknown>>, names)
      const system = gaussianSystem(block, notationOf(derivation), (v) => derivation.supply.fresh(v.name, v.to, v.from))
      const values = new Map<string, number>()
      for (const { equation: q } of [...system.precision, ...system.linear])
        for (const indices of assignments(q.indices, env)) {
          const here = { ...env, indices }
          if (q.left.kind !== 'ref') throw new Error('not a name')
          const key = `${q.left.name} ${q.left.index.map((e) => evaluate(e, here)).join(',')}`
          // an entry of a band names a place before the first one as well, where there is none
          if (q.left.index.every((e) => evaluate(e, here) > 0)) values.set(key, evaluate(q.right, here))
        }
      const only = block.latents.length === 1
      for (const row of assignments(
        block.loops.map((l) => l.index),
        env,
      )) {
        const lead = [...row.values()]
        const cells = block.latents.flatMap((l) =>
          assignments(l.coordinates, { ...env, indices: row }).map((c) => ({ l, at: [...c.values()] })),
        )
        const place = (l: BlockLatent, c: readonly number[]) => ({ latent: l.latent.name, at: c.map((x) => num(x)) })
        const number = (es: readonly Expr[]): string => es.map((e) => evaluate(e, env)).join(',')
        const label = (letter: string, ...of: readonly string[]): string => (only ? letter : [letter, ...of].join('^'))
        const lambda = (a: (typeof cells)[number], b: (typeof cells)[number]): number => {
          const rows = block.sharing === 'one' ? [] : lead
          const key = [...rows, number(besideEachOther(block, place(a.l, a.at), place(b.l, b.at)))].join(',')
          return values.get(`${label('Lambda', a.l.latent.name, b.l.latent.name)} ${key}`) ?? 0
        }
        const observed = (c: (typeof cells)[number]): boolean =>
          c.l.latent.evidence && at(data[c.l.latent.name], [...lead, ...c.at]) !== null
        const unknown = cells.filter((c) => !observed(c))
        if (unknown.length === 0) continue
        const a = unknown.map((x) => unknown.map((y) => lambda(x, y) || lambda(y, x)))
        const h = unknown.map(
          (c) => values.get(`${label('h', c.l.latent.name)} ${[...lead, ...c.at].join(',')}`) ?? Number.NaN,
        )
        const { x, inverse } = solved(a, h)
        unknown.forEach((c, i) => {
          const { means, variance } = fit.posterior(c.l.latent.name)
          const all = [...c.l.latent.loops.map((l) => l.index), ...c.l.latent.own]
          const position = assignments(all, env).findIndex((p) => [...p.values()].join() === [...lead, ...c.at].join())
          const base = c.l.latent.evidence ? env.ref('table', `reference ${c.l.latent.name}`, [...lead, ...c.at]) : 0
          expect(means?.[position]).toBeCloseTo(base + (x[i] ?? Number.NaN), 9)
          expect(variance?.[position]).toBeCloseTo(inverse[i]?.[i] ?? Number.NaN, 9)
        })
      }
    })
})

describe('the printed parameters of a conjugate posterior', () => {
  it('pumps', async () => {
    const text = read('pumps')
    const derivation = deriveText(text)
    const [block] = derivation.eStep.blocks
    if (block?.kind !== 'conjugate') throw new Error('no conjugate block')
    const data = { x: [5, 1, 5, 14, 3, 19], t: [94.3, 15.7, 62.9, 126, 5.24, 31.4] }
    const fit = await compileOrThrow(text).fit(data, { maxIterations: 5, restarts: 1 })
    const env = environment(data, fit.params as Readonly<Record<string, unknown>>, new Map([['N', 6]]))
    const printed = conjugateParameters(block, notationOf(derivation))
    const executed = fit.posterior('theta').parameters?.values
    for (const q of printed)
      for (let n = 1; n <= 6; n++) {
        const [row] = q.indices
        if (q.left.kind !== 'ref' || row === undefined) throw new Error('not a name of a row')
        const value = evaluate(q.right, { ...env, indices: new Map([[row.id, n]]) })
        expect(executed?.get(q.left.name)?.[n - 1]).toBeCloseTo(value, 9)
      }
    expect(printed.length).toBe(2)
  })
})
