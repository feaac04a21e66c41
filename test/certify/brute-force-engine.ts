/**
 * An engine that answers by brute force itself: with it the search for micro-data and every comparison run on models that
 * have no derivation. It does not move in its M-step; Fisher's identity of its score is the oracle's own.
 */

import type { TypedModel } from '../../lang/typed/types.js'
import {
  allCells,
  expectations,
  expectedCompleteLogDensityAt,
  logLikelihood,
  logPrior,
  posterior,
} from '../../oracle/answers.js'
import type { CertifiedEngine, EngineLatent, EngineMoments } from '../../oracle/certified-engine.js'
import type { EngineFor } from '../../oracle/certify.js'
import { ground } from '../../oracle/ground.js'
import type { Ground } from '../../oracle/ground-types.js'
import { rowOf } from '../../oracle/latent-rows.js'
import { nestedParams } from '../../oracle/micro-params.js'
import { paramLayout } from '../../oracle/param-layout.js'
import type { Cell } from '../../oracle/stored.js'
import type { Values } from '../../oracle/types.js'
import { withoutUnread } from '../../oracle/unread.js'

export function bruteForceEngine(model: TypedModel): EngineFor {
  return (data, consts) => engineOver(withoutUnread(ground(model, data, consts)))
}

function engineOver(g: Ground): CertifiedEngine {
  const params = paramLayout(g.model, g.world)
  const nested = (p: Float64Array): Values => nestedParams(params, p)
  const latents = latentsOf(g)
  const gain = (from: Float64Array): ((to: Float64Array) => number) => {
    const q = expectedCompleteLogDensityAt(g, nested(from))
    const base = q(nested(from)) + logPrior(g, nested(from))
    return (to) => q(nested(to)) + logPrior(g, nested(to)) - base
  }
  return {
    params,
    length: params.reduce((n, p) => n + p.length, 0),
    latents: latents.map((l) => l.latent),
    introduces: false,
    eStep: (p) => ({ logLikelihood: logLikelihood(g, nested(p)), statistics: new Float64Array(0) }),
    mStep: (p) => ({ params: p }),
    mStepBlocks: (p) => [{ params: params.map((x) => x.name), exact: 'ascent', iterative: false, after: p }],
    gain: (p, _, trial) => gain(p)(trial),
    logPrior: (p) => logPrior(g, nested(p)),
    posterior: (p) =>
      new Map(
        latents.flatMap(({ latent, cells }) =>
          latent.kind === 'continuous' ? [] : [[latent.name, table(g, nested(p), latent, cells)] as const],
        ),
      ),
    moments: (p) =>
      new Map(
        latents.flatMap(({ latent, cells }) =>
          latent.kind === 'continuous' ? [[latent.name, momentsOf(g, nested(p), latent, cells)] as const] : [],
        ),
      ),
    score(p) {
      const q = expectedCompleteLogDensityAt(g, nested(p))
      return p.map((x, i) => {
        const h = 1e-3 * Math.max(0.05, Math.abs(x))
        const at = (k: number): number => q(nested(p.map((y, j) => (j === i ? y + k * h : y))))
        return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
      })
    },
    setFloor: () => undefined,
    others: [],
  }
}

interface Latent {
  readonly latent: EngineLatent
  readonly cells: readonly Cell[]
}

function latentsOf(g: Ground): readonly Latent[] {
  const byName = grouped(allCells(g))
  return [...byName].map(([name, cells]) => {
    const [first] = cells
    const ranges = (first?.indices ?? []).map((_, d) => {
      const all = cells.map((c) => c.indices[d] ?? 0)
      return { from: Math.min(...all), to: Math.max(...all) }
    })
    const kinds = cells.flatMap((c) => (g.definitions.get(c.id) ?? []).map((d) => d.kind))
    const symbol = g.world.symbols.get(first?.symbol ?? '')
    const support = symbol?.kind === 'latent' || symbol?.kind === 'data' ? symbol.type.support.kind : 'real'
    const discrete = kinds.every((k) => k === 'discrete') || support === 'count' || support === 'int'
    const kind = !discrete ? 'continuous' : support === 'count' || support === 'int' ? 'count' : 'discrete'
    const low = support === 'bool' ? 0 : 1
    const shape = ranges.map((r) => r.to - r.from + 1)
    return {
      latent: { name, kind, shape, from: ranges.map((r) => r.from), low, values: kind === 'discrete' ? 12 : 0 },
      cells,
    }
  })
}

const rows = (l: EngineLatent): number => l.shape.reduce((a, b) => a * b, 1)

function table(g: Ground, params: Values, latent: EngineLatent, cells: readonly Cell[]): Float64Array {
  const out = new Float64Array(rows(latent) * Math.max(1, latent.values))
  for (const cell of cells) {
    const row = rowOf(latent, cell) ?? 0
    if (latent.kind === 'count') out[row] = expectations(g, params, [cell], (x) => x)[0] ?? Number.NaN
    else
      for (const { values, probability } of posterior(g, params, [cell]))
        out[row * latent.values + (values[0] ?? 0) - latent.low] = probability
  }
  return out
}

function momentsOf(g: Ground, params: Values, latent: EngineLatent, cells: readonly Cell[]): EngineMoments {
  const mean = new Float64Array(rows(latent)).fill(Number.NaN)
  const variance = new Float64Array(rows(latent)).fill(Number.NaN)
  for (const cell of cells) {
    const row = rowOf(latent, cell) ?? 0
    const [m = 0] = expectations(g, params, [cell], (x) => x)
    mean[row] = m
    variance[row] = expectations(g, params, [cell], ([x = 0]) => [(x - m) ** 2])[0] ?? Number.NaN
  }
  return { mean, variance }
}

function grouped(cells: readonly Cell[]): ReadonlyMap<string, readonly Cell[]> {
  return new Map([...new Set(cells.map((c) => c.name))].map((name) => [name, cells.filter((c) => c.name === name)]))
}
