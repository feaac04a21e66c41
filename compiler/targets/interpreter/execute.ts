import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, KExpr, KernelOp } from '../../kernel/types.js'
import { fillRange } from '../memory.js'
import { smallOperations } from '../small.js'
import type { BufferCell, Environment, Scope } from './environment.js'
import { accumulator, compileExpr, compileLoop, compilePosition } from './evaluate.js'

export type Execute = () => void

/** Wraps the body that `inside` makes in loops over `axes`, outermost first. */
function nest(axes: readonly Axis[], scope: Scope, env: Environment, inside: (scope: Scope) => Execute): Execute {
  const [axis, ...rest] = axes
  if (axis === undefined) return inside(scope)
  const { loop, scope: inner } = compileLoop(axis, scope, env)
  const body = nest(rest, inner, env, inside)
  return () => loop(body)
}

function compileStore(out: string, at: readonly KExpr[], value: KExpr, scope: Scope, env: Environment): Execute {
  const cell = env.buffer(out)
  const position = compilePosition(cell, at, scope, env)
  const compute = compileExpr(value, scope, env)
  return () => {
    const flat = position()
    cell.view.array[flat] = compute()
  }
}

function compileAdd(out: string, at: readonly KExpr[], value: KExpr, scope: Scope, env: Environment): Execute {
  const cell = env.buffer(out)
  const position = compilePosition(cell, at, scope, env)
  const compute = compileExpr(value, scope, env)
  return () => {
    const flat = position()
    const array = cell.view.array
    array[flat] = (array[flat] ?? Number.NaN) + compute()
  }
}

function compileReduction(op: KernelOp & { readonly op: 'reduce' }, scope: Scope, env: Environment): Execute {
  return nest(op.axes, scope, env, (outer) => {
    const cell = env.buffer(op.out)
    const position = compilePosition(cell, op.at, outer, env)
    const total = accumulator(op.kind)
    const sweep = nest(op.over, outer, env, (inner) => {
      const compute = compileExpr(op.value, inner, env)
      return () => total.add(compute())
    })
    return () => {
      total.reset()
      sweep()
      cell.view.array[position()] = total.result()
    }
  })
}

/** Position of the first element of a matrix, vector or scalar that follows the batch indices. */
function compileCorner(cell: BufferCell, at: readonly KExpr[], scope: Scope, env: Environment): () => number {
  const inner = cell.buffer.shape.length - at.length
  if (inner < 0) throw new KernelError(`buffer ${cell.buffer.id} has fewer extents than its batch index`)
  const zeros: KExpr[] = Array.from({ length: inner }, () => ({ k: 'num', value: 0 }))
  return compilePosition(cell, [...at, ...zeros], scope, env)
}

function compileSmall(op: KernelOp & { readonly op: 'small' }, scope: Scope, env: Environment): Execute {
  return nest(op.axes, scope, env, (inner) => {
    const order = env.size(op.order)
    const matrix = env.buffer(op.matrix)
    const out = env.buffer(op.out)
    const right = op.rightHandSide === undefined ? null : env.buffer(op.rightHandSide)
    const matrixAt = compileCorner(matrix, op.at, inner, env)
    const outAt = compileCorner(out, op.at, inner, env)
    const rightAt = right === null ? () => 0 : compileCorner(right, op.at, inner, env)
    const apply = smallOperations[op.kind]
    return () => {
      if (order.value === 0) {
        if (op.kind === 'logdet') out.view.array[outAt()] = 0
        return
      }
      const rightArray = right === null ? null : right.view.array
      apply(order.value, matrix.view.array, matrixAt(), rightArray, rightAt(), out.view.array, outAt())
    }
  })
}

function compileSparse(op: KernelOp & { readonly op: 'sparseGaussian' }, env: Environment): Execute {
  const state = env.sparse(op.covariance)
  const order = env.size(op.order)
  const [linear, mean, logdet] = [env.buffer(op.linear), env.buffer(op.mean), env.buffer(op.logdet)]
  const draw = op.draw === undefined ? null : env.buffer(op.draw)
  const lists = op.entries.map(({ rows, columns, values }) => ({
    rows: env.buffer(rows),
    columns: env.buffer(columns),
    values: env.buffer(values),
  }))
  return () => {
    state.value.begin(order.value)
    for (const { rows, columns, values } of lists) {
      const count = fillRange(values.buffer, values.view, null).to
      state.value.entries(rows.view.array, columns.view.array, values.view.array, count)
    }
    state.value.solve(linear.view.array, mean.view.array, logdet.view.array)
    if (draw !== null) state.value.draw(draw.view.array)
  }
}

/** One operation as a closure; the loops of `scope` are already running. */
export function compileOp(op: KernelOp, scope: Scope, env: Environment): Execute {
  switch (op.op) {
    case 'map':
      return nest(op.axes, scope, env, (inner) => compileStore(op.out, op.at, op.value, inner, env))
    case 'gather': {
      const at = op.axes.map((axis): KExpr => ({ k: 'axis', axis: axis.id }))
      const value: KExpr = { k: 'load', buffer: op.from, at: op.at }
      return nest(op.axes, scope, env, (inner) => compileStore(op.out, at, value, inner, env))
    }
    case 'contract': {
      const value: KExpr = { k: 'mul', args: op.factors }
      return nest(op.axes, scope, env, (inner) => compileAdd(op.out, op.at, value, inner, env))
    }
    case 'scatterAdd':
      return nest(op.axes, scope, env, (inner) => compileAdd(op.out, op.at, op.value, inner, env))
    case 'reduce':
      return compileReduction(op, scope, env)
    case 'fill': {
      const cell = env.buffer(op.out)
      return () => {
        const { from, to } = fillRange(cell.buffer, cell.view, env.block)
        cell.view.array.fill(op.value, from, to)
      }
    }
    case 'scan':
      return compileScan(op, scope, env)
    case 'repeat': {
      const steps = op.step.map((step) => compileOp(step, scope, env))
      const going = compileExpr({ k: 'load', buffer: op.until, at: [] }, scope, env)
      return () => {
        for (let i = 0; i < op.times && going() !== 0; i++) runAll(steps)
      }
    }
    case 'small':
      return compileSmall(op, scope, env)
    case 'sparseGaussian':
      return compileSparse(op, env)
    case 'rng':
      throw new KernelError('rng was not declined')
  }
}

/** The steps in order at each position of the axis, the last first when reversed. */
function compileScan(op: KernelOp & { readonly op: 'scan' }, scope: Scope, env: Environment): Execute {
  if (op.axis.ragged !== undefined) {
    const { loop, scope: inner } = compileLoop(op.axis, scope, env)
    const steps = op.step.map((step) => compileOp(step, inner, env))
    const cell = inner.get(op.axis.id)
    if (cell === undefined) throw new KernelError(`axis ${op.axis.id} is not in scope`)
    if (!op.reverse) return () => loop(() => runAll(steps))
    return () => {
      loop(() => {})
      for (let value = cell.to - 1; value >= cell.from; value--) {
        cell.value = value
        runAll(steps)
      }
    }
  }
  const cell = env.axis(op.axis)
  const inner = new Map(scope).set(op.axis.id, cell)
  const steps = op.step.map((step) => compileOp(step, inner, env))
  return () => {
    const length = cell.to - cell.from
    for (let i = 0; i < length; i++) {
      cell.value = op.reverse ? cell.to - 1 - i : cell.from + i
      runAll(steps)
    }
  }
}

export function runAll(steps: readonly Execute[]): void {
  for (const step of steps) step()
}
