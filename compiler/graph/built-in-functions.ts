/** The functions of the language on tensors. */
import type { Span } from '../../lang/source.js'
import type { SymbolId, TExpr } from '../../lang/typed/types.js'
import {
  add,
  call,
  caseOf,
  compare,
  div,
  exp,
  idx,
  inverse,
  log,
  logdet,
  mul,
  neg,
  ONE,
  pow,
  sub,
  ZERO,
} from '../algebra/build.js'
import { generator } from '../algebra/stationary.js'
import type { Expr, MatrixRef, ScalarFunction } from '../algebra/types.js'
import {
  type BuiltTensor,
  type IndexSupply,
  mapTensor,
  NotElaborated,
  need,
  needDim,
  type RaggedDim,
  scalar,
  stack,
  unrolled,
} from './tensors.js'

type Env = ReadonlyMap<SymbolId, Expr>

/** What a function needs of the elaborator. */
export interface BuiltInContext {
  readonly supply: IndexSupply
  tensor(e: TExpr, env: Env): BuiltTensor
  contract(a: RaggedDim | undefined, b: RaggedDim | undefined, f: (j: Expr) => Expr): Expr
  zip(a: BuiltTensor, b: BuiltTensor, f: (x: Expr, y: Expr) => Expr, span: Span): BuiltTensor
  reduce(fn: 'min' | 'max' | 'mean' | 'sd' | 'sum', t: BuiltTensor, span: Span): Expr
  levelsOf(e: Extract<TExpr, { kind: 'ref' }>, env: Env): Expr
}

const ELEMENTWISE: ReadonlySet<string> = new Set([
  'abs',
  'sqrt',
  'exp',
  'log',
  'logistic',
  'logit',
  'round',
  'floor',
  'ceil',
  'lgamma',
  'Phi',
])

/** @throws NotElaborated where a function has no derivation in this version */
export function callBuiltIn(
  name: string,
  args: readonly TExpr[],
  span: Span,
  env: Env,
  context: BuiltInContext,
): BuiltTensor {
  const first = args[0]
  const second = args[1]
  if (first === undefined) throw new NotElaborated(`${name} needs an argument`, span)
  const a = name === 'levels' ? scalar(ZERO) : context.tensor(first, env)
  const b = second === undefined ? null : context.tensor(second, env)
  if (ELEMENTWISE.has(name)) {
    if (name === 'logistic') return mapTensor(a, (x) => pow(add(ONE, exp(neg(x))), -1))
    if (name === 'logit') return mapTensor(a, (x) => sub(log(x), log(sub(ONE, x))))
    return mapTensor(a, (x) => call(name as ScalarFunction, x))
  }
  switch (name) {
    case 'sum':
    case 'mean':
    case 'sd':
    case 'min':
    case 'max':
      if (b !== null && (name === 'min' || name === 'max')) {
        if (a.dims.length === 0 && b.dims.length === 0) return scalar(call(name, a.at([]), b.at([])))
      }
      return scalar(context.reduce(name, a, span))
    case 'mod':
      return b === null ? a : context.zip(a, b, (x, y) => call('mod', x, y), span)
    case 'dot':
      if (b === null) break
      return scalar(context.contract(a.dims[0], b.dims[0], (j) => mul(a.at([j]), b.at([j]))))
    case 'softmax': {
      const d = needDim(a.dims[0], span)
      return {
        dims: [d],
        at: ([i]) =>
          div(
            exp(a.at([need(i)])),
            context.contract(d, d, (j) => exp(a.at([j]))),
          ),
      }
    }
    case 'concat': {
      const parts = args.map((x) => context.tensor(x, env)).map((t) => (t.dims.length === 0 ? stack([t]) : t))
      return parts.reduce((x, y) => {
        const n = needDim(x.dims[0], span).size
        return {
          dims: [{ size: add(n, needDim(y.dims[0], span).size) }],
          at: ([i]) => caseOf(compare('<=', need(i), n), x.at([need(i)]), y.at([sub(need(i), n)])),
        }
      })
    }
    case 'cumsum': {
      const d = needDim(a.dims[0], span)
      return {
        dims: [d],
        at: ([i]) => {
          const j = context.supply.fresh('j', need(i))
          return unrolled(j, a.at([idx(j)]))
        },
      }
    }
    case 'size':
      return scalar(needDim(a.dims[0], span).size)
    case 'levels':
      if (first.kind === 'ref') return scalar(context.levelsOf(first, env))
      break
    case 'identity': {
      const d: RaggedDim = { size: a.at([]) }
      return { dims: [d, d], at: ([i, j]) => caseOf(compare('==', need(i), need(j)), ONE, ZERO) }
    }
    case 'diagonal': {
      const d = needDim(a.dims[0], span)
      if (a.dims.length === 2) return { dims: [d], at: ([i]) => a.at([need(i), need(i)]) }
      return { dims: [d, d], at: ([i, j]) => caseOf(compare('==', need(i), need(j)), a.at([need(i)]), ZERO) }
    }
    case 'transpose':
      return { dims: [...a.dims].reverse(), at: (i) => a.at([...i].reverse()) }
    case 'trace': {
      const d = needDim(a.dims[0], span)
      return scalar(context.contract(d, d, (j) => a.at([j, j])))
    }
    case 'inverse': {
      const m = matrixOf(a, span, context.supply)
      return { dims: a.dims, at: ([i, j]) => inverse(m, need(i), need(j)) }
    }
    case 'stationary': {
      const d = needDim(a.dims[0], span)
      const m = generator(matrixOf(a, span, context.supply))
      return { dims: [d], at: ([j]) => context.contract(d, d, (i) => inverse(m, i, need(j))) }
    }
    case 'logdet':
      return scalar(logdet(matrixOf(a, span, context.supply)))
    case 'det':
      return scalar(exp(logdet(matrixOf(a, span, context.supply))))
  }
  throw new NotElaborated(`\`${name}\` has no derivation in this version`, span)
}

function matrixOf(t: BuiltTensor, span: Span, supply: IndexSupply): MatrixRef {
  const d = t.dims[0]
  if (t.dims.length !== 2 || d === undefined) throw new NotElaborated('a matrix is needed here', span)
  const row = supply.fresh('i', d.size)
  const column = supply.fresh('j', d.size)
  return { row, column, element: t.at([idx(row), idx(column)]) }
}
