/**
 * Draws from a posterior as functions of counters: the seed, the number of the draw, the row and the value. What is
 * evaluated again within one E-step or M-step is the same draw.
 */
import { k } from '../kernel/index.js'
import type { KExpr } from '../kernel/types.js'
import type { Lowerer } from './lowerer.js'

/** One number each; they lie with the params, since they change from E-step to E-step. */
export const DRAW_SEED = 'param:seed of draws'
export const DRAW_NUMBER = 'param:number of the draw'

export class Draws {
  /** Tells apart what is drawn at the same row. */
  private salt = 0

  constructor(private readonly lowerer: Lowerer) {}

  /** A stream of its own: a draw for each row and part of it; of a gamma variate the part is its shape, of a Poisson one its rate. */
  stream(kind: 'gumbelDraw' | 'normalDraw' | 'gammaDraw' | 'poissonDraw'): (row: KExpr, part: KExpr) => KExpr {
    const { seed, number } = this.counters()
    return (row, part) => k.call(kind, seed, row, number, part)
  }

  /** A stream of binomial draws. */
  binomial(): (row: KExpr, trials: KExpr, probability: KExpr) => KExpr {
    const { seed, number } = this.counters()
    return (row, trials, probability) => k.call('binomialDraw', seed, row, number, trials, probability)
  }

  /** The seed of another stream, and the number of the draw. */
  private counters(): { readonly seed: KExpr; readonly number: KExpr } {
    const [seed, number] = [DRAW_SEED, DRAW_NUMBER].map((id) =>
      k.load(this.lowerer.buffer({ id, space: 'param', type: 'f64', shape: [] })),
    )
    if (seed === undefined || number === undefined) throw new Error('two counters')
    return { seed: k.add(seed, k.num(++this.salt * 7919)), number }
  }

  /** Where a row lies in a buffer, as one number. */
  row(buffer: string, at: readonly KExpr[]): KExpr {
    const shape = this.lowerer.buffers.get(buffer)?.shape ?? []
    return at.reduce<KExpr>((n, position, i) => k.add(k.mul(n, k.size(shape[i] ?? '')), position), k.num(0))
  }
}
