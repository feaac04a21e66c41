/** Names of the numbers of a block's posterior, and references to them for printing. */
import { add, idx, literal, num, ref, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import { normaliserTable } from '../estep/continuous.js'
import { axesOf } from '../estep/moments.js'
import type { PosteriorNumbers } from '../estep/posterior-numbers.js'
import type { BlockCell, ContinuousBlock, GaussianBlock } from '../estep/types.js'
import type { Notation } from './notation.js'

const gaussians = (n: Notation): readonly GaussianBlock[] =>
  n.derivation.eStep.blocks.flatMap((b) => (b.kind === 'gaussian' ? [b] : []))

/** true where one letter would stand for the numbers of several latents. */
const several = (n: Notation): boolean => gaussians(n).reduce((s, b) => s + b.latents.length, 0) > 1

export const meanName = (latent: string, n: Notation): string =>
  several(n) ? `${n.symbols.mean}^${latent}` : n.symbols.mean

export const linearName = (_b: GaussianBlock, latent: string, n: Notation): string =>
  several(n) ? `${n.symbols.linear}^${latent}` : n.symbols.linear

export const covarianceName = (a: string, b: string, n: Notation): string =>
  several(n) ? `${n.symbols.covariance}^${a}^${b}` : n.symbols.covariance

/** A part of Λ, or Λ as a whole. */
export function precisionName(b: GaussianBlock, part: readonly [string, string] | null, n: Notation): string {
  return wholeName(n.symbols.precision, b, part, n)
}

export function wholeName(
  letter: string,
  b: GaussianBlock,
  part: readonly [string, string] | null,
  n: Notation,
): string {
  if (part !== null) return `${letter}^${part[0]}^${part[1]}`
  if (gaussians(n).length === 1) return letter
  const [only, ...more] = b.latents
  return only !== undefined && more.length === 0
    ? `${letter}^${only.latent.name}`
    : `${letter}^${gaussians(n).indexOf(b) + 1}`
}

/** A posterior's parameter in the family's own words, or with a word before it where a param has that name. */
export function parameterName(name: string, b: ContinuousBlock, n: Notation): string {
  const blocks = n.derivation.eStep.blocks.filter((x) => x.kind === 'conjugate')
  const own = n.taken.has(name) ? `${name}^post` : name
  return blocks.length === 1 ? own : `${own}^${b.latents[0]?.latent.name ?? ''}`
}

/** The numbers of posteriors by their letters: m_n, V, shape_n. */
export function shownNumbers(n: Notation): PosteriorNumbers {
  return {
    mean: (_, cell, row, values) => ref('table', meanName(cell.latent, n), [...row, ...values, ...cell.at]),
    covariance(b, cells, row, values) {
      const [x, y] = inOrder(b, cells)
      return ref('table', covarianceName(x.latent, y.latent, n), [
        ...(b.sharing === 'one' ? [] : row),
        ...values,
        ...besideEachOther(b, x, y),
      ])
    },
    natural: (b, row, values) => (statistic, at) => {
      const named = (name: string, of = at): Expr => ref('table', parameterName(name, b, n), [...row, ...values, ...of])
      return b.family.natural(statistic, named, at, axesOf(b))
    },
  }
}

/** The indices of two cells: those of their rows first, then their coordinates, so that a matrix of these can be seen. */
export function besideEachOther(b: GaussianBlock, x: BlockCell, y: BlockCell): readonly Expr[] {
  const split = (c: BlockCell): readonly [readonly Expr[], readonly Expr[]] => {
    const own = b.latents.find((l) => l.latent.name === c.latent)?.latent.own.length ?? 0
    const rows = c.at.length - own
    return [c.at.slice(0, rows), c.at.slice(rows)]
  }
  const [rowX, ownX] = split(x)
  const [rowY, ownY] = split(y)
  return [...rowX, ...rowY, ...ownX, ...ownY]
}

/** Covariances are symmetric: the latent that was declared first stands first, of one latent the later place. */
function inOrder(b: GaussianBlock, [x, y]: readonly [BlockCell, BlockCell]): readonly [BlockCell, BlockCell] {
  const place = (c: BlockCell): number => b.latents.findIndex((l) => l.latent.name === c.latent)
  if (x.latent !== y.latent) return place(x) <= place(y) ? [x, y] : [y, x]
  for (const [i, e] of x.at.entries()) {
    const steps = literal(sub(y.at[i] ?? e, e))
    if (steps !== null && steps !== 0) return steps > 0 ? [y, x] : [x, y]
  }
  return [x, y]
}

/** Normalisers of blocks in a log weight as logarithms of their letter, the values of discrete latents as they are. */
export function shownNormalisers(e: Expr, n: Notation): Expr {
  return rewrite(e, (x) => {
    if (x.kind !== 'ref' || x.space !== 'table') return x
    const b = n.derivation.eStep.blocks.find((o) => normaliserTable(o) === x.name)
    if (b === undefined) return x
    const rows = b.loops.length
    const at = x.index.map((i, p) => {
      const s = b.scope[p - rows]
      return p < rows || s === undefined ? i : add(i, sub(s.latent.low, num(1)))
    })
    return { kind: 'call', fn: 'log', args: [ref('table', normaliserName(b, n), at)] }
  })
}

export function normaliserName(b: ContinuousBlock, n: Notation): string {
  const { normaliser } = n.symbols
  return n.derivation.eStep.blocks.length === 1
    ? normaliser
    : `${normaliser}^${b.latents.map((l) => l.latent.name).join('^')}`
}

/** The normaliser at a row and values of the scope. */
export const normaliserRef = (b: ContinuousBlock, n: Notation): Expr =>
  ref('table', normaliserName(b, n), [...b.loops.map((l) => idx(l.index)), ...b.scope.map((s) => idx(s.value))])
