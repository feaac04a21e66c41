import type { Axis, KExpr, KernelOp } from './types.js'

/** Direct parts of an expression, left to right; a ragged reduction's extent comes before its body. */
export function childrenOf(expr: KExpr): readonly KExpr[] {
  switch (expr.k) {
    case 'num':
    case 'axis':
    case 'size':
      return []
    case 'load':
      return expr.at
    case 'add':
    case 'mul':
    case 'mul0':
    case 'call':
      return expr.args
    case 'sub':
    case 'div':
    case 'compare':
    case 'and':
    case 'or':
      return [expr.left, expr.right]
    case 'neg':
    case 'not':
      return [expr.of]
    case 'pow':
      return [expr.base]
    case 'reduce':
      return expr.axis.ragged === undefined ? [expr.body] : [expr.axis.ragged.at, expr.body]
    case 'covariance':
      return [expr.row, expr.column]
    case 'select':
      return [expr.when, expr.then, expr.otherwise]
  }
}

/** Rebuilds one node with `change` applied to each direct part. */
export function mapChildren(expr: KExpr, change: (part: KExpr) => KExpr): KExpr {
  switch (expr.k) {
    case 'num':
    case 'axis':
    case 'size':
      return expr
    case 'load':
      return { ...expr, at: expr.at.map(change) }
    case 'add':
    case 'mul':
    case 'mul0':
    case 'call':
      return { ...expr, args: expr.args.map(change) }
    case 'sub':
    case 'div':
    case 'compare':
    case 'and':
    case 'or':
      return { ...expr, left: change(expr.left), right: change(expr.right) }
    case 'neg':
    case 'not':
      return { ...expr, of: change(expr.of) }
    case 'pow':
      return { ...expr, base: change(expr.base) }
    case 'reduce':
      return { ...expr, axis: mapAxis(expr.axis, change), body: change(expr.body) }
    case 'covariance':
      return { ...expr, row: change(expr.row), column: change(expr.column) }
    case 'select': {
      const [when, then, otherwise] = [change(expr.when), change(expr.then), change(expr.otherwise)]
      return { ...expr, when, then, otherwise }
    }
  }
}

/** An axis with `change` applied to what its ragged extent depends on. */
export function mapAxis(axis: Axis, change: (part: KExpr) => KExpr): Axis {
  if (axis.ragged === undefined) return axis
  return { ...axis, ragged: { sizes: axis.ragged.sizes, at: change(axis.ragged.at) } }
}

/** Calls `visit` on an expression and all its parts, outside in. */
export function walk(expr: KExpr, visit: (part: KExpr) => void): void {
  visit(expr)
  for (const part of childrenOf(expr)) walk(part, visit)
}

/** Ids of the axes an expression reads and does not bind itself. */
export function freeAxes(expr: KExpr): ReadonlySet<string> {
  const free = new Set<string>()
  const collect = (part: KExpr, bound: ReadonlySet<string>): void => {
    if (part.k === 'axis') {
      if (!bound.has(part.axis)) free.add(part.axis)
    } else if (part.k === 'reduce') {
      if (part.axis.ragged !== undefined) collect(part.axis.ragged.at, bound)
      collect(part.body, new Set([...bound, part.axis.id]))
    } else {
      for (const child of childrenOf(part)) collect(child, bound)
    }
  }
  collect(expr, new Set())
  return free
}

/** Ids of the buffers an expression reads, extents of ragged axes included. */
export function buffersRead(expr: KExpr): ReadonlySet<string> {
  const read = new Set<string>()
  walk(expr, (part) => {
    if (part.k === 'load') read.add(part.buffer)
    if (part.k === 'reduce' && part.axis.ragged !== undefined) read.add(part.axis.ragged.sizes)
  })
  return read
}

/** Loops of an operation, outermost first; what it sums over included. */
export function axesOf(op: KernelOp): readonly Axis[] {
  switch (op.op) {
    case 'map':
    case 'contract':
    case 'scatterAdd':
    case 'gather':
    case 'small':
    case 'rng':
      return op.axes
    case 'reduce':
      return [...op.axes, ...op.over]
    case 'scan':
      return [op.axis]
    case 'fill':
    case 'repeat':
    case 'sparseGaussian':
      return []
  }
}

/** Expressions of an operation (not those of the steps of a scan or a repeat), positions first; extents of ragged axes included. */
export function expressionsOf(op: KernelOp): readonly KExpr[] {
  const extents = axesOf(op).flatMap((axis) => (axis.ragged === undefined ? [] : [axis.ragged.at]))
  switch (op.op) {
    case 'map':
    case 'scatterAdd':
    case 'reduce':
      return [...extents, ...op.at, op.value]
    case 'contract':
      return [...extents, ...op.at, ...op.factors]
    case 'gather':
    case 'small':
      return [...extents, ...op.at]
    case 'rng':
    case 'scan':
    case 'repeat':
    case 'fill':
    case 'sparseGaussian':
      return extents
  }
}

/** Ids of the buffers an operation writes, the steps of a scan or a repeat included. */
export function buffersWritten(op: KernelOp): ReadonlySet<string> {
  if (op.op === 'scan' || op.op === 'repeat') return new Set(op.step.flatMap((step) => [...buffersWritten(step)]))
  if (op.op === 'sparseGaussian') return new Set([op.mean, op.logdet, ...(op.draw === undefined ? [] : [op.draw])])
  return new Set([op.out])
}

/** Ids of the buffers an operation reads (not the one it adds to), the steps of a scan or a repeat included. */
export function buffersReadByOp(op: KernelOp): ReadonlySet<string> {
  const read = new Set<string>()
  for (const expr of expressionsOf(op)) for (const id of buffersRead(expr)) read.add(id)
  for (const axis of axesOf(op)) if (axis.ragged !== undefined) read.add(axis.ragged.sizes)
  if (op.op === 'gather') read.add(op.from)
  if (op.op === 'small') {
    read.add(op.matrix)
    if (op.rightHandSide !== undefined) read.add(op.rightHandSide)
  }
  if (op.op === 'sparseGaussian') {
    read.add(op.linear)
    if (op.draw !== undefined) read.add(op.draw)
    for (const { rows, columns, values } of op.entries) for (const id of [rows, columns, values]) read.add(id)
  }
  if (op.op === 'repeat') read.add(op.until)
  if (op.op === 'scan' || op.op === 'repeat')
    for (const step of op.step) for (const id of buffersReadByOp(step)) read.add(id)
  return read
}
