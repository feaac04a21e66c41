/**
 * Printed updates that read what no fit reports by name — joint probabilities of neighbours, E[·] of continuous latents
 * and their products, means of counts — evaluated on numbers, against the M-step that is executed. A block that is solved
 * in turn with others is looked at as it stands when it is solved.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mul, num } from '../../../compiler/algebra/build.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import { derivationDocument } from '../../../compiler/derivation/index.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import { updateContext, updateOf } from '../../../compiler/derivation/updates.js'
import type { Contribution, MStep } from '../../../compiler/mstep/types.js'
import { compileOrThrow, type FitData } from '../../../index.js'
import { deriveModel } from '../../support/derive.js'
import { PosteriorValues } from '../../support/posterior-values.js'
import { everyValue } from './evaluation.js'

const counts = [3, 9, 1, 12, 4, 0, 7, 11, 2, 8]
const series = [1.1, 0.4, 1.9, 2.6, 2.2, 3.7, 3.1, 4.4, 4.0, 5.2]
const rows = series.map((y, i) => [y, (counts[i] ?? 0) / 4, Math.sin(5 * i)])
/** Some of the cells are missing. */
const holes = rows.map((row, i) => row.map((x, j) => ((3 * i + 5 * j) % 7 === 0 ? null : x)))
const groups = series.map((_, i) => 'abc'[i % 3] ?? '')
const items = series.map((_, i) => 'uvwx'[(i * i) % 4] ?? '')

/** What is printed of a block that has no explicit formula, and why it has none. */
const PRINTED_INSTEAD = {
  /** Several params solve them together: they hold at the new values. */
  normal: 'normal equations',
  /** Its root is found by numbers. */
  stationary: 'an equation for a root',
  /** The maximum is found by numbers; what is printed is the derivative, which printed-scores.test.ts compares. */
  newton: 'a derivative',
} as const

type Instead = (typeof PRINTED_INSTEAD)[keyof typeof PRINTED_INSTEAD]

interface Case {
  readonly model: string
  readonly data: FitData
  /** Blocks without an explicit formula, by their params: every other block of the model has one. */
  readonly instead?: Readonly<Record<string, Instead>>
}

const CASES: readonly Case[] = [
  { model: 'test/certify/models/chain-poisson', data: { count: counts } },
  { model: 'test/certify/models/chain-order-2', data: { y: series } },
  { model: 'test/certify/models/factor-analysis', data: { x: rows }, instead: { 'W, mu': 'normal equations' } },
  { model: 'test/conformance/models/A36-attitude-ppca1', data: { x: rows }, instead: { 'W, mu': 'normal equations' } },
  { model: 'examples/ppca-holes/model', data: { x: holes }, instead: { 'W, mu': 'normal equations' } },
  { model: 'test/certify/models/mvnormal-missing', data: { x: holes } },
  { model: 'test/certify/models/mvnormal-mixture-missing', data: { x: holes } },
  { model: 'test/certify/models/first-scale-prior', data: { x: series }, instead: { sigma: 'an equation for a root' } },
  {
    model: 'test/certify/models/first-mean-prior',
    data: { x: series },
    instead: { 'mu, nu': 'normal equations', sigma: 'an equation for a root' },
  },
  { model: 'test/certify/models/one-cell-prior', data: { x: counts } },
  { model: 'examples/student-t/fixed', data: { x: series } },
  { model: 'test/certify/models/student-t-vectors', data: { x: rows } },
  { model: 'test/certify/models/student-t-mixture', data: { x: series } },
  { model: 'test/certify/models/student-t', data: { x: series }, instead: { nu: 'an equation for a root' } },
  {
    model: 'test/certify/models/random-intercepts',
    data: { group: groups, x: counts, y: series },
    instead: { 'b0, b1': 'normal equations' },
  },
  { model: 'test/certify/models/random-slopes', data: { group: groups, x: counts, y: series } },
  { model: 'test/certify/models/crossed-intercepts', data: { subject: groups, item: items, y: series } },
  { model: 'test/conformance/models/A49-nile-local-level', data: { flow: series.map((y) => 1000 + 50 * y) } },
  { model: 'test/certify/models/local-level', data: { y: series.map((y, i) => (i % 4 === 2 ? null : y)) } },
  { model: 'test/certify/models/local-trend', data: { y: series } },
  { model: 'test/certify/models/vector-chain', data: { y: rows.map((r) => r.slice(0, 2)) } },
  { model: 'test/certify/models/mixture-of-factors', data: { x: rows }, instead: { 'W, mu': 'normal equations' } },
  { model: 'test/certify/models/mixture-of-ppca', data: { x: holes }, instead: { 'W, mu': 'normal equations' } },
  {
    model: 'test/conformance/models/A42-veteran-exp-censored',
    data: { time: series, status: counts.map((c) => c % 2) },
  },
  {
    model: 'test/conformance/models/A43-veteran-expmix-censored',
    data: { time: series, status: counts.map((c) => c % 2) },
  },
  {
    model: 'test/certify/models/censored-normal',
    data: { x: series, kind: series.map((_, i) => ['seen', 'seen', 'above', 'below'][i % 4] ?? '') },
    instead: { 'a, s': 'a derivative' },
  },
  {
    model: 'test/certify/models/tobit',
    data: { x: counts, y: series.map((y) => Math.max(0, y - 2)) },
    instead: { 'a, b, s': 'a derivative' },
  },
  {
    model: 'test/certify/models/missing-covariate',
    data: { x: holes.map((r) => r[1] ?? null), y: series },
    instead: { 'a, b': 'normal equations' },
  },
  {
    model: 'test/certify/models/nested-classes',
    data: {
      y: [
        [3, 1, 4],
        [0, 2, 1],
        [9, 7, 8],
        [5, 6, 2],
      ],
    },
  },
  {
    // nothing reads the second rate
    model: 'test/certify/models/shapes-of-some',
    data: { y: series },
    instead: { a: 'an equation for a root', c: 'an equation for a root' },
  },
  { model: 'examples/linkage/model', data: { y1: 125, y2: 18, y3: 20, y4: 34 } },
  { model: 'examples/map-mixture/model', data: { x: rows } },
  { model: 'test/certify/models/pumps', data: { x: counts, t: series }, instead: { a: 'an equation for a root' } },
  {
    model: 'test/certify/models/shape-of-two-rates',
    data: { y: series, flag: series.map((_, i) => i % 3 > 0) },
    instead: { shape: 'an equation for a root' },
  },
]

/** The largest difference between the printed and the executed update of each block, in terms of what is executed. */
function differences(name: string, data: FitData, change: (s: MStep) => MStep = (s) => s) {
  const source = readFileSync(new URL(`../../../${name}.estep`, import.meta.url), 'utf8')
  const { model } = compileOrThrow(source).bind(data, { backend: 'js' })
  let seed = 7
  const start = model.interior(() => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  })
  const before = model.mStep(start, model.eStep(start)).params
  const solved = new Map<string, Float64Array>()
  model.mStep(before, model.eStep(before), (step, params) => solved.set(step.id, params))
  const d = model.derivation
  const context = updateContext(d, notationOf(d))
  const values = new PosteriorValues(model)
  const blocks = d.mStep.steps.map((step) => {
    const { explicit, equations } = updateOf(change(step), context)
    const place = ({ indices, left, right }: (typeof equations)[number]) => ({
      indices,
      left: values.place(left, indices),
      right: values.place(right, indices),
    })
    return { step, explicit, equations: equations.map(place) }
  })
  const at = values.at(before)
  return blocks.map(({ step, explicit, equations }) => {
    // in turn with others: as they stand when this one is solved
    const env = at(solved.get(step.id) ?? before)
    const off = equations.flatMap((q) =>
      everyValue(q.indices, (e, indices) => evaluate(e, { ...env, indices })).map((indices) => {
        const [printed, executed] = [q.right, q.left].map((e) => evaluate(e, { ...env, indices }))
        if (printed === undefined || executed === undefined) throw new Error('no value')
        // an equation for a root says that something is 0
        const scale = step.kind === 'stationary' ? 1 : Math.abs(executed)
        return printed === executed ? 0 : Math.abs(printed - executed) / scale
      }),
    )
    const elements = model.params.reduce((n, p) => n + (step.params.includes(p.name) ? p.length : 0), 0)
    return { step, explicit, off, elements }
  })
}

describe('the printed update has the value of the executed one', () => {
  for (const { model, data, instead = {} } of CASES)
    it(model, () => {
      const blocks = differences(model, data)
      const implicit = blocks.filter((b) => !b.explicit).map(({ step }) => [step.params.join(', '), insteadOf(step)])
      expect(Object.fromEntries(implicit)).toEqual(instead)
      for (const { step, off, elements } of blocks) {
        // every element has its formula
        expect(off).toHaveLength(step.kind === 'newton' ? 0 : elements)
        for (const x of off) expect(x, step.params.join(', ')).toBeLessThanOrEqual(1e-12)
      }
    })
})

function insteadOf({ kind }: MStep): string {
  const known: Readonly<Record<string, Instead>> = PRINTED_INSTEAD
  return known[kind] ?? `nothing for ${kind}`
}

describe('a printed update that is not the executed one is seen', () => {
  const more = (c: Contribution): Contribution => ({ ...c, value: mul(num(1001, 1000), c.value) })
  const CHANGED: readonly { readonly model: string; readonly data: FitData; readonly change: (s: MStep) => MStep }[] = [
    {
      model: 'test/certify/models/chain-poisson',
      data: { count: counts },
      change: (s) => (s.kind === 'generalised-gamma' ? { ...s, logs: s.logs.map(more) } : s),
    },
    {
      model: 'test/certify/models/factor-analysis',
      data: { x: rows },
      change: (s) =>
        s.kind === 'normal'
          ? { ...s, quadratic: s.quadratic.map((q) => ({ ...q, ...more(q) })) }
          : s.kind === 'generalised-gamma'
            ? { ...s, powers: s.powers.map(more) }
            : s,
    },
    {
      model: 'test/certify/models/mvnormal-missing',
      data: { x: holes },
      change: (s) => (s.kind === 'inverse-wishart' ? { ...s, traces: s.traces.map(more) } : s),
    },
  ]
  it.each(CHANGED)('$model', ({ model, data, change }) => {
    for (const { step, off } of differences(model, data, change)) {
      const isChanged = change(step) !== step
      expect(Math.max(...off) > 1e-6).toBe(isChanged)
    }
  })
})

describe('an equation for a root', () => {
  it('is not all that is said where the maximum may lie at a kink', () => {
    const words = (name: string): string =>
      derivationDocument(deriveModel(`certify/models/${name}`))
        .toText()
        .replaceAll(/\s+/g, ' ')
    expect(words('custom-prior')).toContain('Of the roots, the kinks at which the slope changes its sign')
    expect(words('student-t')).not.toContain('kinks')
  })
})
