/** Opaque matrix atoms: scalars come out of inverses and log-determinants, and a double inverse cancels. */
import { add, idx, inverse, literal, log, logdet, mul, pow } from './build.js'
import { keyOf } from './key.js'
import type { Expr, MatrixRef } from './types.js'
import { freeIndices, rewrite, some, substituteIndex } from './visit.js'

/**
 * inverse(c·A) = c⁻¹·inverse(A), logdet(c·A) = D·log c + logdet A, inverse(inverse A) = A, logdet(inverse A) = −logdet A,
 * for a scalar c free of the matrix' own indices.
 */
export function normaliseMatrices(e: Expr): Expr {
  return rewrite(e, (n) => {
    if (n.kind !== 'inverse' && n.kind !== 'logdet') return n
    const { scale, core } = splitScale(n.of)
    if (n.kind === 'inverse') {
      const inner = core.element.kind === 'inverse' && isPlain(core) ? core.element.of : null
      const element =
        inner !== null
          ? substituteIndex(
              inner.element,
              new Map([
                [inner.row.id, n.row],
                [inner.column.id, n.column],
              ]),
            )
          : inverse(core, n.row, n.column)
      return mul(...scale.map((s) => pow(s, -1)), element)
    }
    const order = core.row.to
    const inner =
      core.element.kind === 'inverse' && isPlain(core)
        ? mul({ kind: 'num', value: { n: -1, d: 1 } }, logdet(core.element.of))
        : logdet(core)
    return add(...scale.map((s) => mul(order, log(s))), inner)
  })
}

const isPlain = (m: MatrixRef): boolean =>
  m.element.kind === 'inverse' &&
  keyOf(m.element.row) === keyOf(idx(m.row)) &&
  keyOf(m.element.column) === keyOf(idx(m.column))

function splitScale(m: MatrixRef): { readonly scale: readonly Expr[]; readonly core: MatrixRef } {
  if (m.element.kind !== 'mul') return { scale: [], core: m }
  const own = (e: Expr): boolean => {
    const free = freeIndices(e)
    return free.has(m.row.id) || free.has(m.column.id)
  }
  const scale = m.element.factors.filter((f) => !own(f))
  return { scale, core: { ...m, element: mul(...m.element.factors.filter(own)) } }
}

/** The array that a matrix is a slice of, with its leading indices, where it is one: `Sigma[k]` → Sigma, [k]. */
export function matrixSlice(
  m: MatrixRef,
): { readonly ref: Extract<Expr, { kind: 'ref' }>; readonly lead: readonly Expr[] } | null {
  const e = m.element
  if (e.kind !== 'ref') return null
  const [row, column] = e.index.slice(-2)
  if (row === undefined || column === undefined) return null
  if (keyOf(row) !== keyOf(idx(m.row)) || keyOf(column) !== keyOf(idx(m.column))) return null
  const lead = e.index.slice(0, -2)
  if (lead.some((i) => some(i, (x) => x.kind === 'index' && (x.var === m.row.id || x.var === m.column.id)))) return null
  return { ref: e, lead }
}

/** true where a matrix element is a literal number (identity and the like). */
export const isLiteralMatrix = (m: MatrixRef): boolean => literal(m.element) !== null
