import type { ParamLayout } from '../../runtime/contract.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { DataScale } from './data-scale.js'

/**
 * A point in the interior of every support: with all random numbers ½ the middle of intervals, even simplexes, the
 * data's mean for locations and its spread for scales. `apart` shrinks spreads and widens locations, so that components
 * stand apart.
 */
export function interiorPoint(
  d: Derivation,
  layouts: readonly ParamLayout[],
  scales: ReadonlyMap<string, DataScale>,
  random: () => number,
  apart = 1,
): Float64Array {
  const slopes = slopesOfLatents(d)
  const out = new Float64Array(layouts.reduce((n, p) => n + p.length, 0))
  for (const p of layouts) {
    const data = scaleOf(p.name, d, scales)
    const last = p.shape.at(-1) ?? 1
    const u = (): number => Math.min(1 - 1e-6, Math.max(1e-6, random()))
    const set = (i: number, x: number): void => {
      out[p.offset + i] = x
    }
    switch (p.support.kind) {
      case 'simplex':
        for (let r = 0; r * last < p.length; r++) {
          const used = p.used?.[r] ?? last
          const w = Array.from({ length: used }, () => 0.5 - Math.log(u()))
          const total = w.reduce((a, b) => a + b, 0)
          for (const [i, x] of w.entries()) set(r * last + i, x / total)
        }
        break
      case 'covariance':
      case 'correlation':
        for (let b = 0; b * last * last < p.length; b++)
          for (let i = 0; i < last; i++)
            set(
              b * last * last + i * last + i,
              p.support.kind === 'correlation' ? 1 : ((data?.variances[i] ?? 1) / apart ** 2) * 2 ** (2 * u() - 1),
            )
        break
      case 'unit':
        for (let i = 0; i < p.length; i++) set(i, 0.1 + 0.8 * u())
        break
      case 'interval': {
        const { low, high } = p.support
        for (let i = 0; i < p.length; i++) {
          if (Number.isFinite(low) && Number.isFinite(high)) set(i, low + (high - low) * (0.1 + 0.8 * u()))
          else set(i, Number.isFinite(low) ? low + 2 * u() : Number.isFinite(high) ? high - 2 * u() : 2 * u() - 1)
        }
        break
      }
      case 'positive':
      case 'nonnegative': {
        const power = scalePower(p.name, d)
        const spread = (p.role === 'spread' || power !== null) && data !== null
        for (let i = 0; i < p.length; i++) {
          const variance = data?.variances[data.variances.length === last ? i % last : 0] ?? 1
          const mean = data?.means[data.means.length === last ? i % last : 0] ?? 1
          set(
            i,
            (spread
              ? (Math.sqrt(variance) || 1) ** (power ?? 1) / apart
              : p.role === 'location' && mean > 0
                ? mean
                : 1) *
              2 ** (2 * u() - 1),
          )
        }
        break
      }
      case 'ordered':
        for (let r = 0; r * last < p.length; r++) {
          const mean = data?.means[0] ?? 0
          const sd = Math.sqrt(data?.variances[0] ?? 1) || 1
          const row = Array.from({ length: last }, (_, i) => mean + sd * ((2 * (i + u())) / last - 1))
          for (const [i, x] of row.sort((a, b) => a - b).entries()) set(r * last + i, x)
        }
        break
      default:
        if (slopes.has(p.name)) {
          for (let i = 0; i < p.length; i++) set(i, (spreadAt(p, i, data) / 2) * (slanted(i) + 2 * u() - 1))
          break
        }
        for (let i = 0; i < p.length; i++) {
          const column = data !== null && data.means.length === last ? i % last : 0
          const located = p.role === 'location' && data !== null && (p.components.length > 0 || isNumeric(p.name, d))
          const mean = located ? (data.means[column] ?? 0) : 0
          const sd = data === null ? 1 : Math.sqrt(data.variances[column] ?? 1) || 1
          set(i, mean + (2 * u() - 1) * (located ? sd * Math.min(2, apart) : 1))
        }
    }
  }
  return out
}

/** 1 for an sd, 2 for a variance: u^−2 or u^−1 multiplies squares in Q; null for what is neither. */
export function scalePower(name: string, d: Derivation): number | null {
  const step = d.mStep.steps.find((s) => s.params.includes(name))
  const role = step?.kind === 'newton' ? step.roles.find((r) => r.param === name)?.role : undefined
  if (role !== undefined) return role === 'sd' ? 1 : role === 'variance' ? 2 : role === 'precision' ? -2 : null
  if (step?.kind !== 'generalised-gamma' || step.power.n >= 0) return null
  return (-2 * step.power.d) / step.power.n
}

/**
 * Params that multiply a continuous latent: Q does not change with their sign, so that 0 is a stationary point, and no
 * place to start from.
 */
function slopesOfLatents(d: Derivation): ReadonlySet<string> {
  return new Set(
    d.eStep.blocks.flatMap((b) =>
      b.kind !== 'gaussian'
        ? []
        : b.quadratic.flatMap((t) =>
            collectNodes(t.coefficient, (n) => n.kind === 'ref' && n.space === 'param').flatMap((n) =>
              n.kind === 'ref' ? [n.name] : [],
            ),
          ),
    ),
  )
}

/** In (−1, 1), different from element to element and never near 0: fractions of multiples of the golden ratio. */
function slanted(i: number): number {
  const fraction = ((i + 1) * 0.6180339887498949) % 1
  return fraction < 0.5 ? fraction - 1 : fraction
}

/** The sd of the data in the column that an element belongs to. */
function spreadAt(p: ParamLayout, i: number, data: DataScale | null): number {
  if (data === null) return 1
  const axis = p.shape.indexOf(data.variances.length)
  const inner = p.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const column = axis < 0 ? 0 : Math.floor(i / inner) % data.variances.length
  return Math.sqrt(data.variances[column] ?? 1) || 1
}

const isNumeric = (name: string, d: Derivation): boolean =>
  d.mStep.steps.some((s) => s.kind === 'newton' && s.params.includes(name))

/** Scale of the data on the left of a statement that reads the param: of their logarithms where it measures these. */
function scaleOf(name: string, d: Derivation, scales: ReadonlyMap<string, DataScale>): DataScale | null {
  const step = d.mStep.steps.find((s) => s.params.includes(name))
  const role = step?.kind === 'newton' ? step.roles.find((r) => r.param === name) : undefined
  if (role !== undefined) {
    const scale = scales.get(role.data)
    return (role.logged ? scale?.logs : scale) ?? null
  }
  for (const f of d.graph.factors)
    if (
      f.role === 'likelihood' &&
      collectNodes(f.value, (n) => n.kind === 'ref' && n.space === 'param' && n.name === name).length > 0
    ) {
      const s = scales.get(f.target.name)
      if (s !== undefined) return s
    }
  return null
}
