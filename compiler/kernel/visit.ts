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

/** Rebuilds one node with `change` applied to each direct part; the node itself where none changes. */
export function mapChildren(expr: KExpr, change: (part: KExpr) => KExpr): KExpr {
  switch (expr.k) {
    case 'num':
    case 'axis':
    case 'size':
      return expr
    case 'load': {
      const at = mapList(expr.at, change)
      return at === expr.at ? expr : { ...expr, at }
    }
    case 'add':
    case 'mul':
    case 'mul0':
    case 'call': {
      const args = mapList(expr.args, change)
      return args === expr.args ? expr : { ...expr, args }
    }
    case 'sub':
    case 'div':
    case 'compare':
    case 'and':
    case 'or': {
      const [left, right] = [change(expr.left), change(expr.right)]
      return left === expr.left && right === expr.right ? expr : { ...expr, left, right }
    }
    case 'neg':
    case 'not': {
      const of = change(expr.of)
      return of === expr.of ? expr : { ...expr, of }
    }
    case 'pow': {
      const base = change(expr.base)
      return base === expr.base ? expr : { ...expr, base }
    }
    case 'reduce': {
      const [axis, body] = [mapAxis(expr.axis, change), change(expr.body)]
      return axis === expr.axis && body === expr.body ? expr : { ...expr, axis, body }
    }
    case 'covariance': {
      const [row, column] = [change(expr.row), change(expr.column)]
      return row === expr.row && column === expr.column ? expr : { ...expr, row, column }
    }
    case 'select': {
      const [when, then, otherwise] = [change(expr.when), change(expr.then), change(expr.otherwise)]
      const isSame = when === expr.when && then === expr.then && otherwise === expr.otherwise
      return isSame ? expr : { ...expr, when, then, otherwise }
    }
  }
}

/** The list itself where `change` changes none of its items. */
function mapList(list: readonly KExpr[], change: (part: KExpr) => KExpr): readonly KExpr[] {
  const mapped = list.map(change)
  return mapped.every((part, i) => part === list[i]) ? list : mapped
}

/** An axis with `change` applied to what its ragged extent depends on. */
export function mapAxis(axis: Axis, change: (part: KExpr) => KExpr): Axis {
  if (axis.ragged === undefined) return axis
  const at = change(axis.ragged.at)
  return at === axis.ragged.at ? axis : { ...axis, ragged: { sizes: axis.ragged.sizes, at } }
}

/** Calls `visit` on an expression and all its parts, outside in. */
export function walk(expr: KExpr, visit: (part: KExpr) => void): void {
  visit(expr)
  for (const part of childrenOf(expr)) walk(part, visit)
}

const partsFound = new WeakMap<KExpr, readonly KExpr[]>()

/** An expression and its parts, each once where it is shared, outside in. */
export function partsOf(expr: KExpr): readonly KExpr[] {
  const known = partsFound.get(expr)
  if (known !== undefined) return known
  const seen = new Set<KExpr>()
  const visit = (part: KExpr): void => {
    if (seen.has(part)) return
    seen.add(part)
    for (const child of childrenOf(part)) visit(child)
  }
  visit(expr)
  const parts = [...seen]
  partsFound.set(expr, parts)
  return parts
}

const axesFound = new WeakMap<KExpr, ReadonlySet<string>>()
const buffersFound = new WeakMap<KExpr, ReadonlySet<string>>()
const NONE: ReadonlySet<string> = new Set()

/** Ids of the axes an expression reads and does not bind itself. */
export function freeAxes(expr: KExpr): ReadonlySet<string> {
  if (expr.k === 'axis') return new Set([expr.axis])
  const parts = childrenOf(expr)
  if (parts.length === 0) return NONE
  const known = axesFound.get(expr)
  if (known !== undefined) return known
  const sets = parts.map(freeAxes)
  const free =
    expr.k === 'reduce' ? union([...sets.slice(0, -1), without(sets.at(-1) ?? NONE, expr.axis.id)]) : union(sets)
  axesFound.set(expr, free)
  return free
}

/** Ids of the buffers an expression reads, extents of ragged axes included, outside in. */
export function buffersRead(expr: KExpr): ReadonlySet<string> {
  const parts = childrenOf(expr)
  if (parts.length === 0 && expr.k !== 'load') return NONE
  const known = buffersFound.get(expr)
  if (known !== undefined) return known
  const sets = parts.map(buffersRead)
  if (expr.k === 'load') sets.unshift(new Set([expr.buffer]))
  if (expr.k === 'reduce' && expr.axis.ragged !== undefined) sets.unshift(new Set([expr.axis.ragged.sizes]))
  const read = union(sets)
  buffersFound.set(expr, read)
  return read
}

/** In the order of the first set that has each; sets are shared where the first holds all: they are never changed. */
function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  let whole = NONE
  let own: Set<string> | null = null
  for (const set of sets)
    if (whole.size === 0) whole = set
    else
      for (const item of set)
        if (!whole.has(item)) {
          own ??= new Set(whole)
          own.add(item)
          whole = own
        }
  return whole
}

function without(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  if (!set.has(item)) return set
  const rest = new Set(set)
  rest.delete(item)
  return rest
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
