import type { Axis, Buffer, KExpr, KernelOp } from './types.js'

/** Binding strengths, weakest first. */
const OR = 1
const AND = 2
const COMPARE = 3
const ADD = 4
const MUL = 5
const UNARY = 6
const POWER = 7
const ATOM = 8

interface Printed {
  readonly text: string
  readonly strength: number
}

function printNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '∞'
  if (value === Number.NEGATIVE_INFINITY) return '−∞'
  return String(value)
}

function strengthOfNumber(value: number): number {
  return value < 0 ? UNARY : ATOM
}

/** Text of `expr`, in parentheses when it binds less than `least`. */
function inside(expr: KExpr, least: number): string {
  const { text, strength } = printed(expr)
  return strength < least ? `(${text})` : text
}

function list(args: readonly KExpr[]): string {
  return args.map((arg) => inside(arg, 0)).join(', ')
}

function printed(expr: KExpr): Printed {
  switch (expr.k) {
    case 'num':
      return { text: printNumber(expr.value), strength: strengthOfNumber(expr.value) }
    case 'axis':
      return { text: expr.axis, strength: ATOM }
    case 'size':
      return { text: `#${expr.size}`, strength: ATOM }
    case 'load':
      return { text: expr.at.length === 0 ? expr.buffer : `${expr.buffer}[${list(expr.at)}]`, strength: ATOM }
    case 'add':
      return { text: expr.args.map((arg, i) => inside(arg, i === 0 ? ADD : MUL)).join(' + ') || '0', strength: ADD }
    case 'mul':
      return { text: expr.args.map((arg, i) => inside(arg, i === 0 ? MUL : UNARY)).join(' * ') || '1', strength: MUL }
    case 'mul0':
      return { text: `mul0(${list(expr.args)})`, strength: ATOM }
    case 'sub':
      return { text: `${inside(expr.left, ADD)} - ${inside(expr.right, MUL)}`, strength: ADD }
    case 'div':
      return { text: `${inside(expr.left, MUL)} / ${inside(expr.right, UNARY)}`, strength: MUL }
    case 'neg':
      return { text: `-${inside(expr.of, UNARY)}`, strength: UNARY }
    case 'pow': {
      const exponent = printNumber(expr.exponent)
      return { text: `${inside(expr.base, ATOM)}^${expr.exponent < 0 ? `(${exponent})` : exponent}`, strength: POWER }
    }
    case 'call':
      return { text: `${expr.fn}(${list(expr.args)})`, strength: ATOM }
    case 'reduce':
      return { text: `${expr.kind}[${printAxis(expr.axis)}](${inside(expr.body, 0)})`, strength: ATOM }
    case 'select':
      return { text: `select(${list([expr.when, expr.then, expr.otherwise])})`, strength: ATOM }
    case 'compare':
      return { text: `${inside(expr.left, ADD)} ${expr.operator} ${inside(expr.right, ADD)}`, strength: COMPARE }
    case 'and':
      return { text: `${inside(expr.left, AND)} and ${inside(expr.right, COMPARE)}`, strength: AND }
    case 'or':
      return { text: `${inside(expr.left, OR)} or ${inside(expr.right, AND)}`, strength: OR }
    case 'not':
      return { text: `not(${inside(expr.of, 0)})`, strength: ATOM }
    case 'covariance':
      return { text: `covariance(${expr.of}; ${list([expr.row, expr.column])})`, strength: ATOM }
  }
}

/** `k < #K`, or `j < sizes[g]` for a ragged axis. */
export function printAxis(axis: Axis): string {
  if (axis.ragged === undefined) return `${axis.id} < #${axis.size}`
  return `${axis.id} < ${axis.ragged.sizes}[${printKernelExpr(axis.ragged.at)}]`
}

/** One expression on one line. Reads back as written except that sums and products show no redundant parentheses. */
export function printKernelExpr(expr: KExpr): string {
  return inside(expr, 0)
}

function loops(axes: readonly Axis[]): string {
  return axes.length === 0 ? '' : `for ${axes.map(printAxis).join(', ')}: `
}

function place(buffer: string, at: readonly KExpr[]): string {
  return at.length === 0 ? buffer : `${buffer}[${list(at)}]`
}

/** One operation; the steps of a scan follow on indented lines. */
export function printKernelOp(op: KernelOp): string {
  switch (op.op) {
    case 'map':
      return `map       ${loops(op.axes)}${place(op.out, op.at)} = ${printKernelExpr(op.value)}`
    case 'contract': {
      const product = op.factors.map((factor) => inside(factor, UNARY)).join(' * ') || '1'
      return `contract  ${loops(op.axes)}${place(op.out, op.at)} += ${product}`
    }
    case 'scatterAdd':
      return `scatter   ${loops(op.axes)}${place(op.out, op.at)} += ${printKernelExpr(op.value)}`
    case 'gather': {
      const at = op.axes.map((axis) => axis.id).join(', ')
      return `gather    ${loops(op.axes)}${op.out}[${at}] = ${place(op.from, op.at)}`
    }
    case 'reduce': {
      const over = op.over.map(printAxis).join(', ')
      const value = printKernelExpr(op.value)
      return `reduce    ${loops(op.axes)}${place(op.out, op.at)} = ${op.kind}[${over}](${value})`
    }
    case 'fill':
      return `fill      ${op.out} = ${printNumber(op.value)}`
    case 'scan': {
      const steps = op.step.map((step) => printKernelOp(step).replace(/^/gm, '  '))
      const direction = op.reverse ? 'backward' : 'forward'
      return [`scan      ${direction} ${printAxis(op.axis)} carrying ${op.carry.join(', ')}`, ...steps].join('\n')
    }
    case 'repeat': {
      const steps = op.step.map((step) => printKernelOp(step).replace(/^/gm, '  '))
      return [`repeat    at most ${op.times} while ${op.until}`, ...steps].join('\n')
    }
    case 'small': {
      const right = op.rightHandSide === undefined ? '' : `, ${place(op.rightHandSide, op.at)}`
      const value = `${op.kind}(${place(op.matrix, op.at)}${right}; #${op.order})`
      return `small     ${loops(op.axes)}${place(op.out, op.at)} = ${value}`
    }
    case 'sparseGaussian': {
      const entries = op.entries.map(({ rows, columns, values }) => `${values} at ${rows}, ${columns}`).join('; ')
      const made = `${op.mean}, ${op.logdet}, ${op.covariance}`
      const drawn = op.draw === undefined ? '' : ` drawn by ${op.draw}`
      return `sparse    ${made} = gaussian(${op.linear}; ${entries}; #${op.order})${drawn}`
    }
    case 'rng':
      return `rng       ${loops(op.axes)}${op.out} = ${op.distribution}(stream ${op.stream})`
  }
}

function printBuffer(buffer: Buffer): string {
  const shape = buffer.shape.map((key) => `#${key}`).join(', ')
  const rows = buffer.rows === undefined ? '' : ` rows of ${buffer.rows}`
  const label = buffer.label === undefined ? '' : `  -- ${buffer.label}`
  return `${buffer.space.padEnd(8)}${buffer.type} ${buffer.id}[${shape}]${rows}${label}`
}

/** Buffers, a blank line, operations: what golden tests show. */
export function printKernel(ops: readonly KernelOp[], buffers: readonly Buffer[]): string {
  return [...buffers.map(printBuffer), '', ...ops.map(printKernelOp)].join('\n')
}
