/** The posterior of single units with numbers: probabilities of values, means of coordinates and of missing cells. */
import { idx, ref } from '../algebra/build.js'
import type { Environment } from '../algebra/evaluate.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { type FormulaContext, formula } from './print.js'
import type { Line } from './types.js'
import { assignments, MOST, number, numberAt, numberLatex, placed } from './worked-numbers.js'

/** What the posterior says of one unit: a probability for each value of a latent, the mean of each coordinate. */
export interface OfUnit {
  readonly shown: Expr
  readonly value: Expr
  readonly indices: readonly IndexVar[]
  /** 1 where a cell is observed, which needs no posterior; null where none is. */
  readonly observed: Expr | null
}

/** The first unit of each latent; of an array with missing cells all of them, of which the first are shown. */
export function unitsOf(d: Derivation): readonly Omit<OfUnit, 'value'>[] {
  return d.graph.latents.flatMap((latent): readonly Omit<OfUnit, 'value'>[] => {
    const loops = latent.loops.map((l) => l.index)
    const first = new Map(loops.map((v) => [v.id, v.from] as const))
    const at = (e: Expr): Expr => substituteIndex(e, first)
    const place = loops.map((v) => at(idx(v)))
    switch (latent.kind) {
      case 'discrete': {
        const v = d.supply.fresh('k', at(latent.high), at(latent.low))
        const of = [{ latent: latent.name, index: place, value: idx(v) }]
        return latent.evidence ? [] : [{ shown: { kind: 'probability', of }, indices: [v], observed: null }]
      }
      case 'continuous': {
        const own = latent.own.map((v) => ({ ...v, from: at(v.from), to: at(v.to) }))
        const indices = latent.evidence ? [...loops, ...latent.own] : own
        const index = [...(latent.evidence ? loops.map(idx) : place), ...latent.own.map(idx)]
        const body = ref('latent', latent.name, index)
        const observed = latent.evidence ? ref('observed', latent.name, index) : null
        return [{ shown: { kind: 'expect', of: [], body }, indices, observed }]
      }
      default:
        return []
    }
  })
}

/** r_11 = 0.97. */
export function unitLines(
  { shown, value, indices, observed }: OfUnit,
  c: FormulaContext,
  values: Environment,
): readonly Line[] {
  const lines: Line[] = []
  for (const place of assignments(indices, values)) {
    if (lines.length === MOST) break
    const env = { ...values, indices: place }
    const share = numberAt(value, env)
    if (share === null || (observed !== null && numberAt(observed, env) !== 0)) continue
    const left = formula(placed(shown, indices, place), [], c)
    lines.push({ text: `${left.text} = ${number(share)}`, latex: `${left.latex} = ${numberLatex(share)}` })
  }
  return lines
}

/** Of what the first numbers are. */
export function whose(units: readonly OfUnit[]): string {
  const ofCells = units.map(({ observed }) => observed !== null)
  if (ofCells.every((is) => is)) return 'for the first missing cells'
  return ofCells.some((is) => is) ? 'for the first unit, and the first missing cells,' : 'for the first unit'
}
