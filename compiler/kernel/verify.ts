import type { Axis, Buffer, BufferSpace, KExpr, KernelOp } from './types.js'

/** Spaces that operations may write unless told otherwise; a solve that ends in params adds 'param' or 'trial'. */
export const WRITABLE_SPACES: ReadonlySet<BufferSpace> = new Set(['derived', 'scratch', 'state', 'sum', 'table'])

export interface VerifyOptions {
  readonly writable?: ReadonlySet<BufferSpace>
  /** Sparse inverses that operations before these have made. */
  readonly inverses?: ReadonlySet<string>
}

const TWO_ARGUMENTS: ReadonlySet<string> = new Set([
  'mod',
  'power',
  'lgammaDelta',
  'digammaDelta',
  'logPhiBetween',
  'logGammaP',
  'logGammaQ',
  'logStudentCdf',
])

/** Arguments a scalar function takes; [least, most]. */
function arity(fn: string): readonly [number, number] {
  if (fn === 'min' || fn === 'max') return [1, Number.POSITIVE_INFINITY]
  if (fn === 'logBetaI' || fn === 'logVonMisesArc' || fn === 'chiSquareDraw') return [3, 3]
  if (fn === 'normalDraw' || fn === 'gumbelDraw' || fn === 'gammaDraw' || fn === 'poissonDraw') return [4, 4]
  if (fn === 'binomialDraw') return [5, 5]
  return TWO_ARGUMENTS.has(fn) ? [2, 2] : [1, 1]
}

/**
 * What is wrong with a kernel program, one line each; empty when it is legal. Axes are bound where they are read and
 * bound once, buffers exist, positions have as many indices as their buffer has extents, and only writable spaces are
 * written.
 */
export function verifyKernel(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  options: VerifyOptions = {},
): readonly string[] {
  const verifier = new Verifier(buffers, options)
  ops.forEach((op, i) => {
    verifier.op(op, new Set(), `op ${i + 1} (${op.op})`)
  })
  return verifier.problems
}

class Verifier {
  readonly problems: string[] = []
  readonly #buffers = new Map<string, Buffer>()
  readonly #writable: ReadonlySet<BufferSpace>
  readonly #inverses: Set<string>

  constructor(buffers: readonly Buffer[], options: VerifyOptions) {
    this.#writable = options.writable ?? WRITABLE_SPACES
    this.#inverses = new Set(options.inverses)
    for (const buffer of buffers) {
      if (this.#buffers.has(buffer.id)) this.problems.push(`buffer ${buffer.id} is declared twice`)
      if (buffer.rows !== undefined && buffer.shape.length === 0) {
        this.problems.push(`buffer ${buffer.id} has rows but no extent`)
      }
      this.#buffers.set(buffer.id, buffer)
    }
  }

  op(op: KernelOp, bound: ReadonlySet<string>, where: string): void {
    if (op.op === 'scan') {
      const inner = this.#bind([op.axis], bound, where)
      const written = new Set(op.step.flatMap((step) => ('out' in step ? [step.out] : [])))
      for (const carry of op.carry) {
        if (!written.has(carry)) this.#report(where, `carry ${carry} is not written by a step`)
      }
      op.step.forEach((step, i) => {
        if (step.op === 'sparseGaussian') this.#report(where, 'sparseGaussian stands in no scan')
        this.op(step, inner, `${where} step ${i + 1} (${step.op})`)
      })
      return
    }
    if (op.op === 'repeat') {
      this.#rank(this.#known(op.until, where), 0, where)
      if (!op.step.some((step) => 'out' in step && step.out === op.until))
        this.#report(where, `${op.until} is not written by a step`)
      op.step.forEach((step, i) => {
        if (step.op === 'sparseGaussian') this.#report(where, 'sparseGaussian stands in no repeat')
        this.op(step, bound, `${where} step ${i + 1} (${step.op})`)
      })
      return
    }
    if (op.op === 'sparseGaussian') {
      this.#sparse(op, where)
      return
    }
    const out = this.#written(op.out, where)
    switch (op.op) {
      case 'fill':
        return
      case 'rng':
        this.#bind(op.axes, bound, where)
        this.#rank(out, op.axes.length, where)
        return
      case 'map':
      case 'scatterAdd': {
        const inner = this.#bind(op.axes, bound, where)
        this.#position(out, op.at, inner, where)
        this.#expr(op.value, inner, where)
        return
      }
      case 'contract': {
        const inner = this.#bind(op.axes, bound, where)
        this.#position(out, op.at, inner, where)
        for (const index of op.at) {
          if (index.k !== 'axis') this.#report(where, 'a position of contract is a plain axis')
        }
        for (const factor of op.factors) this.#expr(factor, inner, where)
        return
      }
      case 'gather': {
        const inner = this.#bind(op.axes, bound, where)
        this.#rank(out, op.axes.length, where)
        this.#position(this.#known(op.from, where), op.at, inner, where)
        return
      }
      case 'reduce': {
        const outer = this.#bind(op.axes, bound, where)
        this.#position(out, op.at, outer, where)
        this.#expr(op.value, this.#bind(op.over, outer, where), where)
        return
      }
      case 'small':
        this.#small(op, out, bound, where)
    }
  }

  #small(op: KernelOp & { readonly op: 'small' }, out: Buffer | null, bound: ReadonlySet<string>, where: string): void {
    const inner = this.#bind(op.axes, bound, where)
    for (const index of op.at) this.#expr(index, inner, where)
    const batch = op.at.length
    const matrix = this.#known(op.matrix, where)
    this.#rank(matrix, batch + 2, where)
    this.#rank(out, batch + (op.kind === 'logdet' ? 0 : op.kind === 'solveSpd' ? 1 : 2), where)
    if (op.kind === 'solveSpd') {
      if (op.rightHandSide === undefined) this.#report(where, 'solveSpd needs a right-hand side')
      else this.#rank(this.#known(op.rightHandSide, where), batch + 1, where)
    }
    if (matrix !== null) {
      for (const extent of matrix.shape.slice(-2)) {
        if (extent !== op.order) this.#report(where, `extent ${extent} of ${matrix.id} is not the order ${op.order}`)
      }
    }
  }

  #sparse(op: KernelOp & { readonly op: 'sparseGaussian' }, where: string): void {
    for (const { rows, columns, values } of op.entries) {
      const [first, ...others] = [rows, columns, values].map((id) => this.#known(id, where))
      for (const other of others) {
        if (first === null || first === undefined || other === null) continue
        if (other.shape.join() !== first.shape.join()) {
          this.#report(where, `${other.id} has another shape than ${first.id}`)
        }
      }
    }
    const [linear, mean] = [this.#known(op.linear, where), this.#written(op.mean, where)]
    const logdet = this.#written(op.logdet, where)
    for (const vector of [linear, mean]) {
      if (vector !== null && vector.shape.join() !== op.order) {
        this.#report(where, `${vector.id} has not one element for each of ${op.order}`)
      }
    }
    this.#rank(logdet, 0, where)
    if (op.draw !== undefined) this.#written(op.draw, where)
    for (const buffer of [linear, mean, logdet]) {
      if (buffer !== null && buffer.type !== 'f64') this.#report(where, `${buffer.id} is not f64`)
    }
    if (this.#inverses.has(op.covariance)) this.#report(where, `sparse inverse ${op.covariance} is made twice`)
    this.#inverses.add(op.covariance)
  }

  #bind(axes: readonly Axis[], bound: ReadonlySet<string>, where: string): ReadonlySet<string> {
    const inner = new Set(bound)
    for (const axis of axes) {
      if (inner.has(axis.id)) this.#report(where, `axis ${axis.id} is bound twice`)
      if (axis.ragged !== undefined) this.#ragged(axis.ragged, inner, where)
      inner.add(axis.id)
    }
    return inner
  }

  #ragged(ragged: NonNullable<Axis['ragged']>, bound: ReadonlySet<string>, where: string): void {
    const sizes = this.#known(ragged.sizes, where)
    if (sizes !== null && sizes.type !== 'i32') this.#report(where, `ragged extents ${sizes.id} are not i32`)
    this.#position(sizes, [ragged.at], bound, where)
  }

  #expr(expr: KExpr, bound: ReadonlySet<string>, where: string): void {
    switch (expr.k) {
      case 'num':
      case 'size':
        return
      case 'axis':
        if (!bound.has(expr.axis)) this.#report(where, `axis ${expr.axis} is not bound`)
        return
      case 'load':
        this.#position(this.#known(expr.buffer, where), expr.at, bound, where)
        return
      case 'reduce':
        this.#expr(expr.body, this.#bind([expr.axis], bound, where), where)
        return
      case 'call': {
        const [least, most] = arity(expr.fn)
        if (expr.args.length < least || expr.args.length > most) {
          this.#report(where, `${expr.fn} is given ${expr.args.length} arguments`)
        }
        for (const arg of expr.args) this.#expr(arg, bound, where)
        return
      }
      case 'add':
      case 'mul':
      case 'mul0':
        for (const arg of expr.args) this.#expr(arg, bound, where)
        return
      case 'sub':
      case 'div':
      case 'compare':
      case 'and':
      case 'or':
        this.#expr(expr.left, bound, where)
        this.#expr(expr.right, bound, where)
        return
      case 'neg':
      case 'not':
        this.#expr(expr.of, bound, where)
        return
      case 'covariance':
        if (!this.#inverses.has(expr.of)) this.#report(where, `sparse inverse ${expr.of} is not made before`)
        this.#expr(expr.row, bound, where)
        this.#expr(expr.column, bound, where)
        return
      case 'pow':
        this.#expr(expr.base, bound, where)
        return
      case 'select':
        for (const part of [expr.when, expr.then, expr.otherwise]) this.#expr(part, bound, where)
    }
  }

  #position(buffer: Buffer | null, at: readonly KExpr[], bound: ReadonlySet<string>, where: string): void {
    this.#rank(buffer, at.length, where)
    for (const index of at) this.#expr(index, bound, where)
  }

  #rank(buffer: Buffer | null, rank: number, where: string): void {
    if (buffer !== null && buffer.shape.length !== rank) {
      this.#report(where, `${buffer.id} has rank ${buffer.shape.length}, not ${rank}`)
    }
  }

  #known(id: string, where: string): Buffer | null {
    const buffer = this.#buffers.get(id)
    if (buffer === undefined) this.#report(where, `buffer ${id} is not declared`)
    return buffer ?? null
  }

  #written(id: string, where: string): Buffer | null {
    const buffer = this.#known(id, where)
    if (buffer !== null && !this.#writable.has(buffer.space)) {
      this.#report(where, `buffer ${id} is in space ${buffer.space}, which is not written here`)
    }
    return buffer
  }

  #report(where: string, what: string): void {
    this.problems.push(`${where}: ${what}`)
  }
}
