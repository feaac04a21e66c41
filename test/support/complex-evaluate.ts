/** What an expression stands for where what it reads are complex numbers; guards, places and steps are by real parts. */
import { compareNumbers } from '../../compiler/algebra/build.js'
import { toNumber } from '../../compiler/algebra/rational.js'
import type { Expr, Guard, MatrixRef, ScalarFunction } from '../../compiler/algebra/types.js'
import {
  type Complex,
  catan,
  cbessel,
  cbetaI,
  ccos,
  cdigamma,
  cexp,
  cgammaP,
  clgamma,
  clog,
  complex,
  cPhi,
  cphi,
  cpow,
  csin,
  ctrigamma,
  minus,
  over,
  plus,
  scaled,
  times,
} from './complex.js'

export type ComplexRead = (space: string, name: string, index: readonly number[]) => Complex

const ONE = complex(1)

export function evaluateComplex(e: Expr, read: ComplexRead, indices: ReadonlyMap<string, number> = new Map()): Complex {
  const go = (x: Expr): Complex => evaluateComplex(x, read, indices)
  const bound = (x: Expr, ...values: readonly (readonly [string, number])[]): Complex =>
    evaluateComplex(x, read, new Map([...indices, ...values]))
  switch (e.kind) {
    case 'num':
      return complex(toNumber(e.value))
    case 'float':
      return complex(e.value)
    case 'constant':
      return complex(e.name === 'pi' ? Math.PI : Math.E)
    case 'index':
      return complex(indices.get(e.var) ?? Number.NaN)
    case 'ref':
      return read(
        e.space,
        e.name,
        e.index.map((i) => Math.round(go(i).re)),
      )
    case 'add':
      return e.terms.map(go).reduce(plus)
    case 'mul': {
      // 0 · log 0 is 0
      const factors = e.factors.map(go)
      return factors.some((f) => f.re === 0 && f.im === 0) ? complex(0) : factors.reduce(times)
    }
    case 'pow':
      return cpow(go(e.base), toNumber(e.exponent))
    case 'call':
      return call(e.fn, e.args.map(go))
    case 'sum': {
      let total = complex(0)
      const [from, to] = [go(e.index.from).re, go(e.index.to).re]
      for (let i = from; i <= to; i++) total = plus(total, bound(e.body, [e.index.id, i]))
      return total
    }
    case 'case':
      return holds(e.when, go) ? go(e.then) : go(e.otherwise)
    case 'logdet':
      return eliminated(elements(e.of, go, bound)).logdet
    case 'inverse': {
      const [i, j] = [go(e.row).re - go(e.of.row.from).re, go(e.column).re - go(e.of.column.from).re]
      return eliminated(elements(e.of, go, bound)).inverse[i]?.[j] ?? complex(Number.NaN)
    }
    default:
      throw new Error(`no complex value of ${e.kind}`)
  }
}

function holds(g: Guard, go: (e: Expr) => Complex): boolean {
  switch (g.kind) {
    case 'literal':
      return g.value
    case 'compare':
      return compareNumbers(g.operator, go(g.left).re, go(g.right).re)
    case 'and':
      return holds(g.left, go) && holds(g.right, go)
    case 'or':
      return holds(g.left, go) || holds(g.right, go)
    case 'not':
      return !holds(g.of, go)
  }
}

function elements(
  of: MatrixRef,
  go: (e: Expr) => Complex,
  bound: (e: Expr, ...values: readonly (readonly [string, number])[]) => Complex,
): Complex[][] {
  const range = (v: MatrixRef['row']): number[] => {
    const [from, to] = [go(v.from).re, go(v.to).re]
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  }
  return range(of.row).map((r) => range(of.column).map((c) => bound(of.element, [of.row.id, r], [of.column.id, c])))
}

/** Gauss–Jordan with exchanges by size. */
function eliminated(matrix: readonly (readonly Complex[])[]): {
  readonly inverse: Complex[][]
  readonly logdet: Complex
} {
  const n = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => complex(i === j ? 1 : 0))])
  let determinant = ONE
  for (let c = 0; c < n; c++) {
    const size = (r: number): number => Math.abs(rows[r]?.[c]?.re ?? 0)
    let pivot = c
    for (let r = c + 1; r < n; r++) if (size(r) > size(pivot)) pivot = r
    const [own, top] = [rows[pivot] ?? [], rows[c] ?? []]
    if (pivot !== c) determinant = scaled(determinant, -1)
    rows[pivot] = top
    const head = own[c] ?? ONE
    determinant = times(determinant, head)
    const row = own.map((x) => over(x, head))
    rows[c] = row
    for (let r = 0; r < n; r++) {
      const factor = rows[r]?.[c]
      if (r !== c && factor !== undefined)
        rows[r] = (rows[r] ?? []).map((x, j) => minus(x, times(factor, row[j] ?? ONE)))
    }
  }
  return { inverse: rows.map((row) => row.slice(n)), logdet: clog(determinant) }
}

function call(fn: ScalarFunction, args: readonly Complex[]): Complex {
  const [a = complex(Number.NaN), b = complex(Number.NaN), c = complex(Number.NaN)] = args
  const step = (f: (x: number) => number): Complex => complex(f(a.re))
  switch (fn) {
    case 'exp':
      return cexp(a)
    case 'log':
      return clog(a)
    case 'log1p':
      return clog(plus(ONE, a))
    case 'expm1':
      return minus(cexp(a), ONE)
    case 'abs':
      return a.re < 0 ? scaled(a, -1) : a
    case 'sqrt':
      return cpow(a, 0.5)
    case 'lgamma':
      return clgamma(a)
    case 'digamma':
      return cdigamma(a)
    case 'trigamma':
      return ctrigamma(a)
    case 'logistic':
      return over(ONE, plus(ONE, cexp(scaled(a, -1))))
    case 'logLogistic':
      return scaled(clog(plus(ONE, cexp(scaled(a, -1)))), -1)
    case 'log1pexp':
      return a.re > 30 ? plus(a, clog(plus(ONE, cexp(scaled(a, -1))))) : clog(plus(ONE, cexp(a)))
    case 'logit':
      return clog(over(a, minus(ONE, a)))
    case 'Phi':
      return cPhi(a)
    case 'logPhi':
      return clog(cPhi(a))
    case 'inverseMills':
      return over(cphi(a), cPhi(a))
    case 'logPhiBetween':
      return clog(minus(cPhi(b), cPhi(a)))
    case 'log1mexp':
      return clog(minus(ONE, cexp(a)))
    case 'lgammaDelta':
      return minus(clgamma(plus(a, b)), clgamma(a))
    case 'digammaDelta':
      return minus(cdigamma(plus(a, b)), cdigamma(a))
    case 'cos':
      return ccos(a)
    case 'atan':
      return catan(a)
    case 'sin':
      return csin(a)
    case 'besselI0':
      return cbessel(0, a)
    case 'besselI1':
      return cbessel(1, a)
    case 'besselRatio':
      return over(cbessel(1, a), cbessel(0, a))
    case 'besselRatioSlope': {
      const ratio = over(cbessel(1, a), cbessel(0, a))
      return minus(minus(ONE, over(ratio, a)), times(ratio, ratio))
    }
    case 'logBesselI0e':
      return minus(clog(cbessel(0, a)), a)
    case 'logGammaP':
      return clog(cgammaP(a, b))
    case 'logGammaQ':
      return clog(minus(ONE, cgammaP(a, b)))
    case 'logBetaI':
      return clog(cbetaI(a, b, c))
    case 'logStudentCdf': {
      const beyond = scaled(cbetaI(scaled(a, 0.5), complex(0.5), over(a, plus(a, times(b, b)))), 0.5)
      return clog(b.re < 0 ? beyond : minus(ONE, beyond))
    }
    case 'logVonMisesArc': {
      // Simpson's rule along the line from b to c
      const n = 2000
      const width = minus(c, b)
      let total = complex(0)
      for (let k = 0; k <= n; k++) {
        const weight = k === 0 || k === n ? 1 : k % 2 === 1 ? 4 : 2
        const t = plus(b, scaled(width, k / n))
        total = plus(total, scaled(cexp(times(a, minus(ccos(t), ONE))), weight / (3 * n)))
      }
      const whole = plus(complex(Math.log(2 * Math.PI)), minus(clog(cbessel(0, a)), a))
      return minus(clog(times(total, width)), whole)
    }
    case 'power':
      return b.im === 0 ? cpow(a, b.re) : cexp(times(b, clog(a)))
    case 'min':
      return args.reduce((x, y) => (y.re < x.re ? y : x))
    case 'max':
      return args.reduce((x, y) => (y.re > x.re ? y : x))
    case 'mod':
      return complex(a.re - b.re * Math.floor(a.re / b.re))
    case 'round':
      return step(Math.round)
    case 'floor':
      return step(Math.floor)
    case 'ceil':
      return step(Math.ceil)
  }
}
