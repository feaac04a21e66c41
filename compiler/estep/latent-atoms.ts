/** How a monomial reads the cells of latents. */
import { add, num, ONE, sub } from '../algebra/build.js'
import { matrixSlice } from '../algebra/matrices.js'
import type { Atom } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import type { FamilyStatistic } from '../families/index.js'

type Cell = Extract<Expr, { kind: 'ref' }>

const isCell = (e: Expr | undefined): e is Cell => e?.kind === 'ref' && e.space === 'latent'

/** The statistic that an atom is, with the cell it reads; null where it is another function. */
export function statisticOf(
  atom: Atom,
): { readonly statistic: FamilyStatistic; readonly index: readonly Expr[] } | null {
  const { base, power } = atom
  const found = (statistic: FamilyStatistic, cell: Cell) => ({ statistic, index: cell.index })
  const whole = power.d === 1 ? power.n : null
  if (isCell(base)) {
    if (whole === 1) return found('u', base)
    if (whole === 2) return found('u²', base)
    if (whole === -1) return found('1/u', base)
    return null
  }
  if (base.kind === 'logdet' || base.kind === 'inverse') {
    const slice = matrixSlice(base.of)
    if (whole !== 1 || slice === null || !isCell(slice.ref)) return null
    return base.kind === 'logdet'
      ? { statistic: 'log |u|', index: slice.lead }
      : { statistic: 'u⁻¹', index: [...slice.lead, base.row, base.column] }
  }
  if (base.kind !== 'call') return null
  const [arg] = base.args
  if (base.fn === 'log') {
    if (isCell(arg)) {
      if (whole === 1) return found('log u', arg)
      return whole === 2 ? found('(log u)²', arg) : null
    }
    const cell = arg === undefined ? undefined : sub(ONE, arg)
    return isCell(cell) && whole === 1 ? found('log(1 − u)', cell) : null
  }
  if (base.fn === 'lgamma' && arg !== undefined && whole === 1) {
    const cell = add(arg, num(-1))
    return isCell(cell) ? found('log u!', cell) : null
  }
  return null
}
