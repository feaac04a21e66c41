/** The compiler derives: what things are called, in which order they stand and how scalars are spelt changes nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, type Model, readTable } from '../../index.js'
import type { Expression, ModelFile } from '../../lang/ast/types.js'
import { componentAxes, componentLatents, sliceOffsets } from '../../runtime/component-latents.js'
import type { BoundModel, ParamLayout } from '../../runtime/contract.js'
import type { Table } from '../../runtime/data/types.js'
import { parseFitArguments } from '../conformance/fit-arguments.js'
import {
  binary,
  called,
  grouped,
  number,
  ownNames,
  print,
  randomNames,
  read,
  renameAll,
  rewriteFile,
  shuffleStatements,
  splitLoops,
} from '../support/rewrite-model.js'
import { seededRandom } from './support/random.js'

const ITERATIONS = 3
const examples = new URL('../../examples/', import.meta.url)

interface Example {
  readonly id: string
  readonly text: string
  readonly tables: readonly Table[]
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly set: ReadonlyMap<string, unknown>
  readonly groupBy: string | undefined
}

function allExamples(): readonly Example[] {
  return readdirSync(examples).flatMap((folder) => {
    const file = (name: string): string => readFileSync(new URL(`${folder}/${name}`, examples), 'utf8')
    const entries: readonly {
      readonly model: string
      readonly data: readonly string[]
      readonly args: readonly string[]
    }[] = JSON.parse(file('expected.json'))
    const seen = new Set<string>()
    return entries.flatMap((e) => {
      if (seen.has(e.model)) return []
      seen.add(e.model)
      const { columns, set, groupBy } = parseFitArguments(e.args, file)
      const tables = e.data.map((d) => {
        const { value } = readTable(d, file(d))
        if (value === undefined) throw new Error(`${d} cannot be read`)
        return e.data.length === 1 ? firstRows(value) : value
      })
      return [{ id: `${folder}/${e.model}`, text: file(e.model), tables, columns, set, groupBy }]
    })
  })
}

/** Cells that the laws need of a table: pixels of pictures are more of the same. */
const CELLS = 2000

function firstRows(table: Table): Table {
  const rows = Math.min(table.rows, Math.ceil(CELLS / Math.max(1, table.columns.length)))
  const columns = table.columns.map((c) => ({ ...c, cells: Array.from(c.cells).slice(0, rows) }))
  return { ...table, rows, columns, rowNumbers: table.rowNumbers.slice(0, rows) }
}

/** What a few iterations of EM make of a start, and by which rules. */
interface Run {
  readonly model: Model
  readonly bound: BoundModel
  readonly columns: ReadonlyMap<string, readonly string[]>
  /** Of each E-step. */
  readonly objectives: readonly number[]
  readonly params: Float64Array
}

type Binding = Pick<Example, 'tables' | 'columns' | 'set' | 'groupBy'>

const options = ({ columns, set, groupBy }: Binding) => ({
  columns,
  set,
  ...(groupBy === undefined ? {} : { groupBy }),
})

function run(text: string, binding: Binding, start: (bound: BoundModel) => Float64Array): Run {
  const model = compileOrThrow(text)
  const { model: bound, data } = model.bind(binding.tables, options(binding))
  let params = start(bound)
  const objectives: number[] = []
  for (let i = 0; i <= ITERATIONS; i++) {
    const expectation = bound.eStep(params)
    objectives.push(expectation.logLikelihood + bound.logPrior(params))
    if (i < ITERATIONS) params = bound.mStep(params, expectation).params
  }
  return { model, bound, columns: data.columns, objectives, params }
}

async function firstStart(e: Example): Promise<Float64Array> {
  const model = compileOrThrow(e.text)
  for await (const step of model.iterate([...e.tables], { ...options(e), seed: 3 })) return step.params
  throw new Error('no iteration')
}

const slice = (p: ParamLayout, params: Float64Array): Float64Array => params.slice(p.offset, p.offset + p.length)

/** The values of the other model's params, each under its new name and in its new spelling. */
function carry(from: BoundModel, params: Float64Array, to: BoundModel, naming: Naming): Float64Array {
  const out = new Float64Array(to.length)
  for (const p of from.params) {
    const { name, transform } = naming(p.name)
    const target = to.params.find((q) => q.name === name)
    if (target === undefined) throw new Error(`no param ${name}`)
    out.set(slice(p, params).map(transform), target.offset)
  }
  return out
}

type Naming = (name: string) => { readonly name: string; readonly transform: (x: number) => number }
const same: Naming = (name) => ({ name, transform: (x) => x })

interface PlanEntry {
  readonly params: readonly string[]
  readonly rule: string
  readonly family: string
  readonly exact: string
}

/** Rules of the M-step, by the params they solve, in names of the original. */
function rules(model: Model, original: (name: string) => string): readonly string[] {
  const { mStep } = model.plan as unknown as { readonly mStep: readonly PlanEntry[] }
  return mStep.map((s) => `${s.params.map(original).sort().join(' ')}: ${s.rule}, ${s.family}, ${s.exact}`).sort()
}

function expectSame(
  a: Run,
  b: Run,
  naming: Naming,
  original: (name: string) => string,
  permute: (bound: BoundModel, params: Float64Array) => Float64Array = (_, p) => p,
): void {
  expect(rules(b.model, original)).toEqual(rules(a.model, (n) => n))
  expectSameFit(a, b, naming, permute)
}

function expectSameFit(
  a: Run,
  b: Run,
  naming: Naming,
  permute: (bound: BoundModel, params: Float64Array) => Float64Array,
): void {
  for (const [i, o] of a.objectives.entries())
    expect(
      near(o, b.objectives[i] ?? Number.NaN, 1e-9 * Math.max(1, Math.abs(o))),
      `objective ${i}: ${o} and ${b.objectives[i]}`,
    ).toBe(true)
  const expected = carry(a.bound, permute(a.bound, a.params), b.bound, naming)
  for (const p of b.bound.params)
    slice(p, b.params).forEach((x, i) => {
      const want = expected[p.offset + i] ?? Number.NaN
      expect(near(x, want, 1e-9 * Math.max(1, Math.abs(want))), `${p.name} ${i}: ${x} and ${want}`).toBe(true)
    })
}

const near = (x: number, y: number, tolerance: number): boolean =>
  x === y || Math.abs(x - y) <= tolerance || (Number.isNaN(x) && Number.isNaN(y))

const inverted = (m: ReadonlyMap<string, string>): ((name: string) => string) => {
  const back = new Map([...m].map(([a, b]) => [b, a]))
  return (name) => back.get(name) ?? name
}

// -- other spellings of scalars ------------------------------------------------------------------------------------------

const isLiteral = (e: Expression, value: number): boolean => e.kind === 'number' && e.value === value
const isNumber = (e: Expression): boolean => ['name', 'subscript', 'number', 'parenthesised', 'binary'].includes(e.kind)

/** 2·e as e + e, e² as e·e, a − b as −1·b + a, sums the other way round, a/b as a·b^(−1) for numbers. */
function respell(file: ModelFile): ModelFile {
  return rewriteFile(file, {
    expression(e) {
      if (e.kind !== 'binary') return e
      const { operator, left, right } = e
      if (operator === '*' && isLiteral(left, 2)) return grouped(binary('+', grouped(right), grouped(right)))
      if (operator === '*' && isLiteral(left, 3))
        return grouped(binary('+', binary('+', grouped(right), grouped(right)), grouped(right)))
      if (operator === '^' && isLiteral(right, 2) && isNumber(left))
        return grouped(binary('*', grouped(left), grouped(left)))
      if (operator === '-' && isLiteral(left, 1))
        return grouped(
          binary(
            '+',
            binary('*', { kind: 'unary', operator: '-', of: number('1'), span: e.span }, grouped(right)),
            left,
          ),
        )
      if (operator === '/' && left.kind === 'name' && right.kind === 'number')
        return grouped(binary('*', left, grouped(binary('/', number('1'), right))))
      if (operator === '+' && left.kind !== 'number' && right.kind !== 'number' && left.kind !== 'name')
        return grouped(binary('+', grouped(right), grouped(left)))
      return e
    },
  })
}

type Argument = 'var' | 'precision'

/** The sd of a Normal as a variance or a precision; a variance as an sd. */
function withArgument(file: ModelFile, as: Argument): ModelFile {
  return rewriteFile(file, {
    distribution(d) {
      const [mean, spread] = d.arguments
      if (d.name.name !== 'Normal' || mean?.kind !== 'expression' || spread?.kind !== 'expression') return d
      const named = (n: string, value: Expression) => ({
        ...d,
        arguments: [mean, { kind: 'expression' as const, name: { name: n, span: d.span }, value }],
      })
      if (spread.name?.name === 'var') return named('sd', called('sqrt', spread.value))
      const square = binary('^', grouped(spread.value), number('2'))
      return as === 'var' ? named('var', square) : named('precision', binary('/', number('1'), grouped(square)))
    },
  })
}

/** A positive param s as exp(l) with l any real number. */
function asExponential(file: ModelFile, scale: string, logged: string): ModelFile {
  return {
    ...rewriteFile(
      {
        ...file,
        statements: file.statements.map((s) =>
          s.kind === 'declaration' && s.names.some((n) => n.name.name === scale) && s.type !== null
            ? {
                ...s,
                type: { ...s.type, name: { ...s.type.name, name: 'real' } },
                names: s.names.map((n) => (n.name.name === scale ? { ...n, name: { ...n.name, name: logged } } : n)),
              }
            : s,
        ),
      },
      {
        expression: (e) =>
          e.kind === 'subscript' && e.of.kind === 'name' && e.of.name === scale
            ? called('exp', { ...e, of: { ...e.of, name: logged } })
            : e.kind === 'name' && e.name === scale
              ? e
              : e,
      },
    ),
  }
}

// -- the laws ------------------------------------------------------------------------------------------------------------

const all = allExamples()

test('every example takes part', () => {
  expect(all.length).toBeGreaterThanOrEqual(70)
})

for (const example of all) {
  describe(example.id, () => {
    const file = read(example.text)
    const started = firstStart(example)
    let own: Promise<Run> | null = null
    const base = (): Promise<Run> => {
      own ??= started.then((start) => run(example.text, example, () => start))
      return own
    }
    const variant = async (text: string, binding: Binding, naming: Naming): Promise<readonly [Run, Run]> => {
      const a = await base()
      const start = await started
      return [a, run(text, binding, (bound) => carry(a.bound, start, bound, naming))]
    }

    test('names', async () => {
      const names = randomNames(ownNames(file), seededRandom(17))
      const to = (n: string): string => names.get(n) ?? n
      const { columns } = await base()
      const binding = {
        tables: example.tables,
        columns: new Map([...columns].map(([n, c]) => [to(n), c])),
        set: new Map([...example.set].map(([n, v]) => [to(n), v])),
        groupBy: example.groupBy,
      }
      const naming: Naming = (n) => ({ name: to(n), transform: (x) => x })
      const [a, b] = await variant(print(renameAll(file, names)), binding, naming)
      expectSame(a, b, naming, inverted(names))
    })

    test.each([1])('order of statements, shuffle %i', async (seed) => {
      const shuffled = { ...file, statements: shuffleStatements(file.statements, seededRandom(seed)) }
      const { columns } = await base()
      const [a, b] = await variant(print(shuffled), { ...example, columns }, same)
      if (a.bound.bound === 'variational') {
        console.log(
          `${example.id}: rules compared only, since coordinate ascent updates factors in the order of their latents`,
        )
        expect(rules(b.model, (n) => n)).toEqual(rules(a.model, (n) => n))
      } else expectSame(a, b, same, (n) => n)
    })

    test('sums over two loops', async () => {
      const [a, b] = await variant(print(splitLoops(file)), example, same)
      expectSame(a, b, same, (n) => n)
    })

    test('scalars', async () => {
      const [a, b] = await variant(print(respell(file)), example, same)
      expectSame(a, b, same, (n) => n)
    })

    test('latents renumbered', async () => {
      const a = await base()
      const cycle = (bound: BoundModel, params: Float64Array): Float64Array => {
        const out = Float64Array.from(params)
        for (const latent of componentLatents(bound).filter((l) => l.exchangeable)) {
          // A table of steps has two axes over the latent's values: the second is moved after the first.
          for (const axis of componentAxes(bound, latent.name)) {
            const before = Float64Array.from(out)
            for (let v = 0; v < latent.values; v++) {
              const target = sliceOffsets(axis, (v + 1) % latent.values)
              sliceOffsets(axis, v).forEach((o, i) => {
                out[target[i] ?? 0] = before[o] ?? Number.NaN
              })
            }
          }
        }
        return out
      }
      const start = await started
      const b = run(example.text, example, (bound) => cycle(bound, start))
      expectSameFit(a, b, same, cycle)
    })
  })
}

describe('parametrisations of a normal', () => {
  const normal = all.filter(
    (e) => /~ Normal\(|\bNormal\(/.test(e.text) && !/diagonal|naive-bayes|map-mixture\/model/.test(e.id),
  )
  test('there are some', () => {
    expect(normal.length).toBeGreaterThanOrEqual(7)
  })
  test.each(normal.flatMap((e) => (['var', 'precision'] as const).map((as) => ({ id: e.id, e, as }))))(
    '$id with $as',
    async ({ e, as }) => {
      const start = await firstStart(e)
      const a = run(e.text, e, () => start)
      const b = run(print(withArgument(read(e.text), as)), e, (bound) => carry(a.bound, start, bound, same))
      expectSame(a, b, same, (n) => n)
    },
  )
})

describe('a scale as exp of a real number', () => {
  const cases = [
    ['old-faithful/spherical.estep', 'sigma'],
    ['galaxies/unequal.estep', 'sigma'],
    ['earthquakes/model.estep', 'rate'],
    ['regressions/quadratic.estep', 'sigma'],
    ['map-mixture/galaxies.estep', ''],
  ] as const
  test.each(cases.filter(([, s]) => s !== ''))('%s', async (id, scale) => {
    const e = all.find((x) => x.id === id)
    if (e === undefined) throw new Error(`no example ${id}`)
    const naming: Naming = (n) => (n === scale ? { name: 'l', transform: Math.log } : { name: n, transform: (x) => x })
    const start = await firstStart(e)
    const a = run(e.text, e, () => start)
    const b = run(print(asExponential(read(e.text), scale, 'l')), e, (bound) => carry(a.bound, start, bound, naming))
    expectSame(a, b, naming, (n) => (n === 'l' ? scale : n))
  })
})

// -- no names of models --------------------------------------------------------------------------------------------------

/** Names of models and of fields of their own; a file that knows one would look it up. */
const MODELS = [
  'gmm',
  'hmm',
  'plsa',
  'lda',
  'lca',
  'dawid',
  'skene',
  'grades',
  'k-?means',
  'ppca',
  'old ?faithful',
  'naive ?bayes',
  'markov',
  'factor ?analysis',
  'latent ?class',
  'genotypes?',
  'abo',
  'noisy-?or',
  'item ?response',
  'rasch',
  'kalman',
  'switching',
  'unigrams?',
  'zero-?inflated',
  'mixture of experts',
  'discriminant',
  'topics?',
]

test('no file of the compiler and of the runtime names a model', () => {
  const word = new RegExp(`(?<![a-z])(${MODELS.join('|')})(?![a-z])`, 'i')
  const found: string[] = []
  const visit = (url: URL): void => {
    for (const entry of readdirSync(url, { withFileTypes: true })) {
      if (entry.isDirectory()) visit(new URL(`${entry.name}/`, url))
      else if (entry.name.endsWith('.ts'))
        readFileSync(new URL(entry.name, url), 'utf8')
          .split('\n')
          .forEach((line, i) => {
            // k-means++ is a way to seed components, with the name that `--init` gives it; the Kalman filter is an algorithm,
            // named where a page or a comment says what an elimination order amounts to
            const hit = word.exec(line.replace(/k-?means\+\+|the Kalman filter/gi, ''))
            if (hit !== null)
              found.push(`${url.pathname.split('/').slice(-3).join('/')}${entry.name}:${i + 1}: ${hit[0]}`)
          })
    }
  }
  for (const folder of ['compiler/', 'runtime/']) visit(new URL(`../../${folder}`, import.meta.url))
  expect(found).toEqual([])
})
