/** What moments of Gaussian and of conjugate blocks have in common: sums term by term, latents at a point. */
import { add, caseOf, compare, ONE, ref, sum, ZERO } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import { EXECUTED, type PosteriorNumbers } from './posterior-numbers.js'
import type { ConjugateBlock, GaussianBlock } from './types.js'

export type Cell = Extract<Expr, { kind: 'ref' }>

export const isCell = (e: Expr): e is Cell => e.kind === 'ref' && e.space === 'latent'

/** Thrown where a demanded expectation has no closed form; planning turns it into a refusal. */
export class NoMoment extends Error {}

export interface MomentOptions {
  readonly collecting: Omit<CollectOptions, 'inU'>
  /** How the numbers of a posterior are read; without it, from the tables that are executed. */
  readonly numbers?: PosteriorNumbers
}

/** E[· | values] at a row of a block. */
export abstract class Moments {
  protected readonly collecting: MomentOptions['collecting']
  protected readonly numbers: PosteriorNumbers

  constructor(
    protected readonly row: readonly Expr[],
    protected readonly values: readonly Expr[],
    options: MomentOptions,
  ) {
    this.collecting = options.collecting
    this.numbers = options.numbers ?? EXECUTED
  }

  /** @throws NoMoment where an expectation has no closed form */
  of(e: Expr): Expr {
    if (!readsLatent(e)) return e
    switch (e.kind) {
      case 'add':
        return add(...e.terms.map((t) => this.of(t)))
      case 'sum':
        return sum(e.index, this.of(e.body))
      case 'case':
        return caseOf(e.when, this.of(e.then), this.of(e.otherwise))
      default:
        return this.ofTerm(e)
    }
  }

  /** Of what is no sum and no case. */
  protected abstract ofTerm(e: Expr): Expr
}

/** What an element is at its datum where data of a half-observed array is there, else what it is under the family. */
export function atDatum(
  block: ConjugateBlock,
  row: readonly Expr[],
  at: readonly Expr[],
  observed: (datum: Expr) => Expr,
  missing: Expr,
): Expr {
  const latent = block.latents[0]?.latent
  if (latent === undefined || !latent.evidence) return missing
  const index = [...row, ...at]
  return caseOf(
    compare('==', ref('observed', latent.name, index), ONE),
    observed(ref('data', latent.name, index)),
    missing,
  )
}

/** An expression with its latents at the posterior mean, or at a family's point. */
export function atPoint(
  block: GaussianBlock | ConjugateBlock,
  e: Expr,
  row: readonly Expr[],
  values: readonly Expr[],
  numbers: PosteriorNumbers = EXECUTED,
): Expr {
  const placed = rewrite(e, (n) => {
    if (!isCell(n)) return n
    const at = n.index.slice(block.loops.length)
    const normal = block.kind === 'gaussian' ? block : (block.inner?.block ?? null)
    if (normal?.latents.some((l) => l.latent.name === n.name) === true)
      return numbers.mean(normal, { latent: n.name, at }, row, values)
    if (block.kind === 'gaussian') return n
    return atDatum(
      block,
      row,
      at,
      (datum) => datum,
      block.family.point(at, numbers.natural(block, row, values), axesOf(block)),
    )
  })
  return block.kind === 'conjugate' && block.family.matrix !== undefined ? normaliseMatrices(placed) : placed
}

/** Variables over the coordinates of one point of a block's latent, by which its family sums. */
export function axesOf(
  b: ConjugateBlock,
  rename: (v: IndexVar) => IndexVar = (v) => ({ ...v, id: `${v.id} of point` }),
): readonly IndexVar[] {
  const { rank } = b.family
  return rank === 0 ? [] : (b.latents[0]?.coordinates.slice(-rank) ?? []).map(rename)
}

/** The coordinates of a block's latent that number its points. */
export const pointsOf = (b: ConjugateBlock): readonly IndexVar[] => {
  const coordinates = b.latents[0]?.coordinates ?? []
  return coordinates.slice(0, coordinates.length - b.family.rank)
}

export const guardedSum = (m: Monomial, value: Expr): Expr =>
  m.loops.reduceRight<Expr>(
    (e, l) => sum(l, e),
    m.guards.reduceRight<Expr>((e, g) => caseOf(g, e, ZERO), value),
  )
