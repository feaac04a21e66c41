/** Derivatives against a complex step: random expressions of the language, and every density in every argument. */
import { describe, expect, test } from 'vitest'
import {
  add,
  call,
  caseOf,
  compare,
  exp,
  float,
  idx,
  inverse,
  log,
  logdet,
  mul,
  num,
  pow,
  ref,
  sum,
} from '../../../compiler/algebra/build.js'
import type { Expr, IndexVar, MatrixRef, ScalarFunction } from '../../../compiler/algebra/types.js'
import { distributions } from '../../../compiler/distributions/index.js'
import type { NumericArgument, Tensor } from '../../../compiler/distributions/types.js'
import { readAnchors } from '../../laws/support/anchors.js'
import { elementOf, indexSupply, shapeOf } from '../../laws/support/numeric-density.js'
import { seededRandom } from '../../laws/support/random.js'
import { complexStep, symbolicGradient } from '../../support/gradients.js'

const TOLERANCE = 1e-9

type Random = () => number

/** Grows expressions in a number `u`, a vector `p` of 2 and data; every function of the language is among them. */
class Grower {
  private used = 0
  readonly functions = new Map<string, number>()

  constructor(private readonly random: Random) {}

  private pick<T>(of: readonly T[]): T {
    const found = of[Math.floor(this.random() * of.length)]
    if (found === undefined) throw new Error('nothing to pick')
    return found
  }

  private variable(name: string): IndexVar {
    this.used += 1
    return { id: `${name}${this.used}`, name, from: num(1), to: num(2) }
  }

  private leaf(loops: readonly IndexVar[]): Expr {
    const at = (): Expr => (loops.length > 0 && this.random() < 0.6 ? idx(this.pick(loops)) : num(this.pick([1, 2])))
    const kind = this.random()
    if (kind < 0.4) return ref('param', 'p', [at()])
    if (kind < 0.75) return ref('param', 'u')
    if (kind < 0.9) return ref('data', 'x', [at()])
    return float(Math.round(200 * this.random() - 100) / 50)
  }

  /** Between −1 and 1, whatever is in it. */
  private tame(depth: number, loops: readonly IndexVar[]): Expr {
    return call('sin', this.grow(depth - 1, loops))
  }

  /** Between low and high. */
  private within(depth: number, loops: readonly IndexVar[], low: number, high: number): Expr {
    const middle = float((low + high) / 2)
    return add(middle, mul(float(((high - low) / 2) * 0.95), this.tame(depth, loops)))
  }

  private use(name: string): void {
    this.functions.set(name, (this.functions.get(name) ?? 0) + 1)
  }

  grow(depth: number, loops: readonly IndexVar[] = []): Expr {
    if (depth <= 0) return this.leaf(loops)
    const kind = this.random()
    if (kind < 0.2) return add(this.grow(depth - 1, loops), this.grow(depth - 1, loops))
    if (kind < 0.35) return mul(this.tame(depth, loops), this.grow(depth - 1, loops))
    if (kind < 0.45) {
      const exponent = this.pick([num(2), num(3), num(-1), num(-2), num(1, 2), num(-3, 2)])
      return exponent.kind === 'num' ? pow(this.within(depth, loops, 0.4, 2.5), exponent.value) : exponent
    }
    if (kind < 0.53) {
      const i = this.variable('i')
      return sum(i, this.grow(depth - 1, [...loops, i]))
    }
    if (kind < 0.57) {
      const i = this.variable('i')
      return log(sum(i, exp(this.tame(depth, [...loops, i]))))
    }
    if (kind < 0.62) {
      const when = compare(this.pick(['<', '>=', '==']), ref('data', 'x', [num(1)]), float(this.random()))
      return caseOf(when, this.grow(depth - 1, loops), this.grow(depth - 1, loops))
    }
    if (kind < 0.7) return this.matrix(depth, loops)
    return this.call(depth, loops)
  }

  /** Of a matrix with a heavy diagonal, not symmetric. */
  private matrix(depth: number, loops: readonly IndexVar[]): Expr {
    const [row, column] = [this.variable('r'), this.variable('c')]
    const element = add(caseOf(compare('==', idx(row), idx(column)), num(3)), this.tame(depth, [...loops, row, column]))
    const of: MatrixRef = { row, column, element }
    return this.random() < 0.5 ? logdet(of) : inverse(of, num(this.pick([1, 2])), num(this.pick([1, 2])))
  }

  private call(depth: number, loops: readonly IndexVar[]): Expr {
    const t = (low: number, high: number): Expr => this.within(depth, loops, low, high)
    // a constant shape: the tails have no derivative in theirs
    const shape = (): Expr => float(0.5 + Math.round(30 * this.random()) / 10)
    const made: Readonly<Record<string, () => readonly Expr[]>> = {
      exp: () => [t(-2, 2)],
      log: () => [t(0.2, 4)],
      log1p: () => [t(-0.7, 3)],
      expm1: () => [t(-2, 2)],
      abs: () => [t(0.1, 2)],
      sqrt: () => [t(0.2, 4)],
      lgamma: () => [t(0.3, 6)],
      digamma: () => [t(0.3, 6)],
      logistic: () => [t(-4, 4)],
      logLogistic: () => [t(-4, 4)],
      log1pexp: () => [t(-4, 4)],
      logit: () => [t(0.1, 0.9)],
      Phi: () => [t(-2, 2)],
      logPhi: () => [t(-4, 2)],
      inverseMills: () => [t(-4, 2)],
      logPhiBetween: () => [t(-2, -0.1), t(0.1, 2)],
      log1mexp: () => [t(-3, -0.2)],
      cos: () => [t(-3, 3)],
      sin: () => [t(-3, 3)],
      atan: () => [t(-3, 3)],
      besselI0: () => [t(0.2, 5)],
      besselI1: () => [t(0.2, 5)],
      besselRatio: () => [t(0.2, 5)],
      logBesselI0e: () => [t(0.2, 5)],
      lgammaDelta: () => [t(0.3, 6), t(0.2, 9)],
      digammaDelta: () => [t(0.3, 6), t(0.2, 9)],
      power: () => [t(0.3, 3), t(-2, 2)],
      min: () => [t(0.1, 0.9), t(1.1, 2)],
      max: () => [t(0.1, 0.9), t(1.1, 2)],
      round: () => [t(0.6, 1.4)],
      floor: () => [t(0.1, 0.9)],
      ceil: () => [t(0.1, 0.9)],
      logGammaP: () => [shape(), t(0.3, 4)],
      logGammaQ: () => [shape(), t(0.3, 3)],
      logStudentCdf: () => [shape(), t(0.5, 3)],
      logVonMisesArc: () => [shape(), t(-3, -0.1), t(0.1, 3)],
      logBetaI: () => [shape(), shape(), t(0.05, 0.5)],
    }
    const name = this.pick(Object.keys(made))
    this.use(name)
    return call(name as ScalarFunction, ...(made[name]?.() ?? []))
  }
}

const ELEMENTS: readonly (readonly [string, readonly number[]])[] = [
  ['u', []],
  ['p', [1]],
  ['p', [2]],
]

test('5,000 random expressions, each in three unknowns', { timeout: 120_000 }, () => {
  const random = seededRandom(4)
  const grower = new Grower(random)
  let compared = 0
  let moving = 0
  let worst = 0
  for (let n = 0; n < 5000; n++) {
    const e = grower.grow(1 + Math.floor(4 * random()))
    const values = new Map(['u[]', 'p[1]', 'p[2]', 'x[1]', 'x[2]'].map((key) => [key, 0.2 + random()]))
    const read = (_: string, name: string, index: readonly number[]): number =>
      values.get(`${name}[${index.join(',')}]`) ?? Number.NaN
    const gradient = symbolicGradient(e, (name) => name === 'u' || name === 'p', read)
    const steps = ELEMENTS.map(([name, index]) => complexStep(e, name, index, read))
    const size = Math.max(...steps.map(Math.abs), 1e-6)
    ELEMENTS.forEach(([name, index], i) => {
      const own = gradient.get(`${name}[${index.join(',')}]`) ?? 0
      const error = Math.abs(own - (steps[i] ?? Number.NaN)) / size
      if (!(error <= TOLERANCE))
        throw new Error(`expression ${n} in ${name}[${index}]: ${own} and ${steps[i]}: ${JSON.stringify(e)}`)
      worst = Math.max(worst, error)
      compared += 1
      if (own !== 0) moving += 1
    })
  }
  expect(compared).toBe(15_000)
  expect(moving).toBeGreaterThan(5000)
  expect(worst).toBeLessThanOrEqual(TOLERANCE)
  // every function took part
  for (const [, count] of grower.functions) expect(count).toBeGreaterThan(20)
  expect(grower.functions.size).toBeGreaterThanOrEqual(35)
})

/** Densities that are no function of continuous arguments alone, or of none. */
function tensorOf(name: string, value: NumericArgument): Tensor {
  return {
    dims: shapeOf(value).map((size) => ({ size: num(size) })),
    at: (index) => ref(name === 'value' ? 'data' : 'param', name, index),
  }
}

function placesOf(value: NumericArgument): readonly (readonly number[])[] {
  const [rows, columns] = shapeOf(value)
  if (rows === undefined) return [[]]
  const places = Array.from({ length: rows }, (_, i) => i + 1)
  return columns === undefined
    ? places.map((i) => [i])
    : places.flatMap((i) => Array.from({ length: columns }, (_, j) => [i, j + 1]))
}

describe('the log density of each distribution in each argument, and in its value where it is continuous', () => {
  test.each(distributions.map((d) => [d.signature.name, d] as const))('%s', (name, distribution) => {
    const anchors = readAnchors(name)
    if (anchors === null) throw new Error(`${name} has no published values`)
    let compared = 0
    const points = anchors.points.filter((p) => Number.isFinite(p.logDensity))
    for (const point of points) {
      for (const args of point.parametrisations) {
        const all = new Map<string, NumericArgument>([...args, ['value', point.value]])
        const tensors = new Map([...args].map(([n, a]) => [n, tensorOf(n, a)]))
        const e = distribution.logDensity(tensorOf('value', point.value), tensors, indexSupply())
        const read = (_: string, n: string, index: readonly number[]): number =>
          elementOf(all.get(n) ?? Number.NaN, index)
        const targets = [...args.keys(), ...(distribution.signature.value.discrete ? [] : ['value'])]
        const gradient = symbolicGradient(e, (n) => targets.includes(n), read)
        for (const target of targets) {
          const places = placesOf(all.get(target) ?? 0)
          const steps = places.map((index) => complexStep(e, target, index, read))
          // terms of the derivative that cancel leave the rounding of the largest
          const size = Math.max(1, Math.abs(point.logDensity), ...steps.map(Math.abs))
          places.forEach((index, i) => {
            const own = gradient.get(`${target}[${index.join(',')}]`) ?? 0
            const step = steps[i] ?? Number.NaN
            // at the edge of its support an argument has no slope to both sides
            const at = elementOf(all.get(target) ?? Number.NaN, index)
            if (!Number.isFinite(step) || ((at === 0 || at === 1) && !Number.isFinite(own))) return
            expect(
              Math.abs(own - step) / size,
              `${target}[${index}] at ${JSON.stringify([...all])}`,
            ).toBeLessThanOrEqual(TOLERANCE)
            compared += 1
          })
        }
      }
    }
    // at least one for each point inside the support
    expect(compared).toBeGreaterThanOrEqual(points.length)
  })
})
