import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, KExpr, KFunction } from '../../kernel/types.js'
import { arityOf, isUnary, power, severalArguments, unaryFunctions } from '../scalar-functions.js'
import type { BufferCell, Environment, Scope } from './environment.js'

export type Evaluate = () => number

/** Runs `body` once per value of an axis. */
export type Loop = (body: () => void) => void

/** Flat position of an element, every index checked against its extent. */
export function compilePosition(cell: BufferCell, at: readonly KExpr[], scope: Scope, env: Environment): Evaluate {
  const indices = at.map((index) => compileExpr(index, scope, env))
  const fail = (dim: number, index: number): never => {
    throw new KernelError(`index ${index} is out of range in position ${dim} of ${cell.buffer.id}`)
  }
  return () => {
    const view = cell.view
    let flat = view.origin
    for (let dim = 0; dim < indices.length; dim++) {
      const index = Math.trunc(indices[dim]?.() ?? Number.NaN)
      const first = dim === 0 ? view.first : 0
      if (!(index >= first && index < first + (view.extents[dim] ?? 0))) fail(dim, index)
      flat += index * (view.strides[dim] ?? 1)
    }
    return flat
  }
}

function compileLoad(buffer: string, at: readonly KExpr[], scope: Scope, env: Environment): Evaluate {
  const cell = env.buffer(buffer)
  const position = compilePosition(cell, at, scope, env)
  return () => cell.view.array[position()] ?? Number.NaN
}

/** The loop over an axis and the scope inside it. */
export function compileLoop(
  axis: Axis,
  scope: Scope,
  env: Environment,
): { readonly loop: Loop; readonly scope: Scope } {
  const cell = env.axis(axis)
  const inner = new Map(scope).set(axis.id, cell)
  const iterate: Loop = (body) => {
    for (let value = cell.from; value < cell.to; value++) {
      cell.value = value
      body()
    }
  }
  if (axis.ragged === undefined) return { loop: iterate, scope: inner }
  const extent = compileLoad(axis.ragged.sizes, [axis.ragged.at], scope, env)
  const loop: Loop = (body) => {
    cell.to = extent()
    iterate(body)
  }
  return { loop, scope: inner }
}

/** A running sum, maximum or log-sum-exp: −∞ for the last two when empty, never NaN from infinities alone. */
export interface Accumulator {
  reset(): void
  add(value: number): void
  result(): number
}

export function accumulator(kind: 'sum' | 'max' | 'logSumExp'): Accumulator {
  let most = Number.NEGATIVE_INFINITY
  let sum = 0
  const reset = (): void => {
    most = Number.NEGATIVE_INFINITY
    sum = 0
  }
  switch (kind) {
    case 'sum':
      return {
        reset,
        add: (value) => {
          sum += value
        },
        result: () => sum,
      }
    case 'max':
      return {
        reset,
        add: (value) => {
          most = Math.max(most, value)
        },
        result: () => most,
      }
    case 'logSumExp':
      return {
        reset,
        add: (value) => {
          if (value < most) sum += Math.exp(value - most)
          else if (value === most) sum += value === Number.NEGATIVE_INFINITY ? 0 : 1
          else {
            sum = sum * Math.exp(most - value) + 1
            most = value
          }
        },
        result: () => (most === Number.NEGATIVE_INFINITY ? most : most + Math.log(sum)),
      }
  }
}

function compileCall(fn: KFunction, args: readonly Evaluate[]): Evaluate {
  const [first, second] = args
  if (first === undefined) throw new KernelError(`${fn} has no argument`)
  if (isUnary(fn)) {
    const apply = unaryFunctions[fn]
    return () => apply(first())
  }
  switch (fn) {
    case 'min':
      return () => args.reduce((least, arg) => Math.min(least, arg()), Number.POSITIVE_INFINITY)
    case 'max':
      return () => args.reduce((most, arg) => Math.max(most, arg()), Number.NEGATIVE_INFINITY)
    case 'power':
      if (second === undefined) throw new KernelError(`${fn} takes two arguments`)
      return () => first() ** second()
    default: {
      if (args.length !== arityOf(fn)) throw new KernelError(`${fn} takes ${arityOf(fn)} arguments`)
      const apply: (...numbers: [number, number, number, number, number]) => number = severalArguments[fn]
      const absent = () => Number.NaN
      const [, , third = absent, fourth = absent, fifth = absent] = args
      return () => apply(first(), second?.() ?? Number.NaN, third(), fourth(), fifth())
    }
  }
}

function compileCompare(expr: KExpr & { readonly k: 'compare' }, left: Evaluate, right: Evaluate): Evaluate {
  switch (expr.operator) {
    case '==':
      return () => (left() === right() ? 1 : 0)
    case '!=':
      return () => (left() !== right() ? 1 : 0)
    case '<':
      return () => (left() < right() ? 1 : 0)
    case '<=':
      return () => (left() <= right() ? 1 : 0)
    case '>':
      return () => (left() > right() ? 1 : 0)
    case '>=':
      return () => (left() >= right() ? 1 : 0)
  }
}

function compileReduce(expr: KExpr & { readonly k: 'reduce' }, scope: Scope, env: Environment): Evaluate {
  const { loop, scope: inner } = compileLoop(expr.axis, scope, env)
  const body = compileExpr(expr.body, inner, env)
  const total = accumulator(expr.kind)
  const step = (): void => total.add(body())
  return () => {
    total.reset()
    loop(step)
    return total.result()
  }
}

function compileProduct(args: readonly Evaluate[], stopAtZero: boolean): Evaluate {
  return () => {
    let product = 1
    for (const arg of args) {
      const factor = arg()
      if (stopAtZero && factor === 0) return 0
      product *= factor
    }
    return product
  }
}

/** An expression as a closure over the cells of its environment. `select`, `and`, `or` and `mul0` are lazy. */
export function compileExpr(expr: KExpr, scope: Scope, env: Environment): Evaluate {
  const part = (inner: KExpr): Evaluate => compileExpr(inner, scope, env)
  switch (expr.k) {
    case 'num': {
      const value = expr.value
      return () => value
    }
    case 'axis': {
      const cell = scope.get(expr.axis)
      if (cell === undefined) throw new KernelError(`axis ${expr.axis} is not in scope`)
      return () => cell.value
    }
    case 'size': {
      const cell = env.size(expr.size)
      return () => cell.value
    }
    case 'load':
      return compileLoad(expr.buffer, expr.at, scope, env)
    case 'add': {
      const [first, second, ...rest] = expr.args.map(part)
      if (first !== undefined && second !== undefined && rest.length === 0) return () => first() + second()
      const args = expr.args.map(part)
      return () => args.reduce((sum, arg) => sum + arg(), 0)
    }
    case 'mul': {
      const args = expr.args.map(part)
      const [first, second, ...rest] = args
      if (first !== undefined && second !== undefined && rest.length === 0) return () => first() * second()
      return compileProduct(args, false)
    }
    case 'mul0':
      return compileProduct(expr.args.map(part), true)
    case 'sub': {
      const [left, right] = [part(expr.left), part(expr.right)]
      return () => left() - right()
    }
    case 'div': {
      const [left, right] = [part(expr.left), part(expr.right)]
      return () => left() / right()
    }
    case 'neg': {
      const of = part(expr.of)
      return () => -of()
    }
    case 'pow': {
      const [base, exponent] = [part(expr.base), expr.exponent]
      return () => power(base(), exponent)
    }
    case 'call':
      return compileCall(expr.fn, expr.args.map(part))
    case 'reduce':
      return compileReduce(expr, scope, env)
    case 'select': {
      const [when, then, otherwise] = [part(expr.when), part(expr.then), part(expr.otherwise)]
      return () => (when() !== 0 ? then() : otherwise())
    }
    case 'compare':
      return compileCompare(expr, part(expr.left), part(expr.right))
    case 'and': {
      const [left, right] = [part(expr.left), part(expr.right)]
      return () => (left() !== 0 && right() !== 0 ? 1 : 0)
    }
    case 'or': {
      const [left, right] = [part(expr.left), part(expr.right)]
      return () => (left() !== 0 || right() !== 0 ? 1 : 0)
    }
    case 'not': {
      const of = part(expr.of)
      return () => (of() === 0 ? 1 : 0)
    }
    case 'covariance': {
      const cell = env.sparse(expr.of)
      const [row, column] = [part(expr.row), part(expr.column)]
      return () => cell.value.covariance(row(), column())
    }
  }
}
