/**
 * h and Λ of a Gaussian block, element by element: the log joint density is const + hᵀu − ½ uᵀΛu, so an entry of h is
 * the coefficient of a cell, and one of Λ minus that of a product of two (twice that of a square).
 */
import { add, idx, isZero, literal, mul, num, ref, sub } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { BlockCell, BlockLatent, BlockTerm, GaussianBlock } from '../estep/types.js'
import { agree } from './agree.js'
import { besideEachOther, linearName, precisionName } from './block-names.js'
import { addedAt, placeOf } from './block-terms.js'
import type { Rename } from './elements.js'
import { tidied } from './for-display.js'
import type { Notation } from './notation.js'
import type { Equation } from './update-types.js'

type Linear = GaussianBlock['linear'][number]
type Quadratic = GaussianBlock['quadratic'][number]

/** One entry of h or Λ, with what each statement adds to it. */
export interface SystemEntry {
  readonly equation: Equation
  readonly parts: readonly { readonly factor: BlockTerm['factor']; readonly value: Expr }[]
}

export interface GaussianSystem {
  readonly linear: readonly SystemEntry[]
  readonly precision: readonly SystemEntry[]
  /** Largest number of steps between cells that one entry of Λ joins, along one loop; null where they are not so joined. */
  readonly band: { readonly axis: IndexVar; readonly width: number } | null
}

export function gaussianSystem(b: GaussianBlock, notation: Notation, rename: Rename): GaussianSystem {
  const names = b.latents.map((l) => l.latent.name)
  const linear = b.latents.flatMap((l) => placesOf(b, l, rename).map((p) => linearEntry(b, l, p, notation, rename)))
  const pairs = b.latents.flatMap((a, i) => b.latents.slice(i).map((c) => [a, c] as const))
  const precision = pairs.flatMap(([a, c]) => pairEntries(b, a, c, names, notation, rename))
  return { linear, precision, band: bandOf(b) }
}

/** Row and scope of the block, as the leading indices of what is computed for it. */
export const leadOf = (b: GaussianBlock, rows: boolean): readonly Expr[] => [
  ...(rows ? b.loops.map((l) => idx(l.index)) : []),
  ...b.scope.map((s) => idx(s.value)),
]

const outerOf = (b: GaussianBlock): readonly IndexVar[] => [
  ...b.loops.map((l) => l.index),
  ...b.scope.map((s) => s.value),
]

/** Fresh indices for the coordinates of a latent. */
export const cellOf = (l: BlockLatent, rename: Rename): readonly IndexVar[] => l.coordinates.map((v) => rename(v))

/** The last coordinate, where it is one of the latent's own: what is written as a vector. */
export function vectorOver(l: BlockLatent, vars: readonly IndexVar[]): readonly string[] {
  const last = vars.at(-1)
  return l.latent.own.length > 0 && last !== undefined ? [last.id] : []
}

/** A cell with a formula of its own: an index for a coordinate, or a number where terms name single ones. */
interface Place {
  readonly at: readonly Expr[]
  readonly vars: readonly IndexVar[]
}

/** The most single coordinates that get a formula each. */
const APART = 4

/** Coordinates of the latent's own that some term names by number, where there are few of them. */
function namedSingly(b: GaussianBlock, l: BlockLatent): readonly boolean[] {
  const cells = [...b.linear.map((t) => t.cell), ...b.quadratic.flatMap((t) => t.cells)].filter(
    (c) => c.latent === l.latent.name,
  )
  const own = l.coordinates.length - l.latent.own.length
  return l.coordinates.map(
    (v, i) =>
      i >= own &&
      literal(v.from) === 1 &&
      (literal(v.to) ?? APART + 1) <= APART &&
      cells.some((c) => literal(c.at[i] ?? idx(v)) !== null),
  )
}

function placesOf(b: GaussianBlock, l: BlockLatent, rename: Rename): readonly Place[] {
  const singly = namedSingly(b, l)
  return l.coordinates.reduce<readonly Place[]>(
    (places, v, i) => {
      if (singly[i] === true)
        return places.flatMap((p) =>
          Array.from({ length: literal(v.to) ?? 0 }, (_, k) => ({ ...p, at: [...p.at, num(k + 1)] })),
        )
      const fresh = rename(v)
      return places.map((p) => ({ at: [...p.at, idx(fresh)], vars: [...p.vars, fresh] }))
    },
    [{ at: [], vars: [] }],
  )
}

const lastVariable = (l: BlockLatent, at: readonly Expr[]): readonly string[] => {
  const last = at.at(-1)
  return l.latent.own.length > 0 && last?.kind === 'index' ? [last.var] : []
}

function linearEntry(b: GaussianBlock, l: BlockLatent, cell: Place, notation: Notation, rename: Rename): SystemEntry {
  const target = [...b.loops.map((x) => idx(x.index)), ...cell.at]
  const ranges = [...outerOf(b), ...cell.vars]
  const own = b.linear.filter((t) => t.cell.latent === l.latent.name)
  const value = (ts: readonly Linear[]): Expr =>
    tidied(add(...ts.map((t) => addedAt(t, placeOf(t, [t.cell.at]), target, ranges, rename))), notation.facts)
  return {
    equation: {
      left: ref('table', linearName(b, l.latent.name, notation), [...leadOf(b, true), ...cell.at]),
      right: value(own),
      indices: ranges,
      over: lastVariable(l, cell.at),
    },
    parts: byFactor(own, value),
  }
}

/** Offsets of the second cell of a term from the first, by position; null where they are no fixed number of steps apart. */
const offsetsOf = (a: BlockCell, c: BlockCell): readonly (number | null)[] =>
  a.at.map((e, i) => {
    const other = c.at[i]
    return other === undefined ? null : literal(sub(other, e))
  })

interface Oriented {
  readonly term: Quadratic
  readonly cells: readonly [BlockCell, BlockCell]
}

/** The entries of Λ between two latents: one formula for each number of steps between the cells that terms join. */
function pairEntries(
  b: GaussianBlock,
  a: BlockLatent,
  c: BlockLatent,
  names: readonly string[],
  notation: Notation,
  rename: Rename,
): readonly SystemEntry[] {
  const same = a === c
  const own = b.quadratic.flatMap((term): readonly Oriented[] => {
    const [x, y] = term.cells
    if (x.latent === a.latent.name && y.latent === c.latent.name) return [{ term, cells: [x, y] }]
    return x.latent === c.latent.name && y.latent === a.latent.name ? [{ term, cells: [y, x] }] : []
  })
  if (own.length === 0) return []
  const singly = namedSingly(b, a).map((x, i) => x || (same ? x : namedSingly(b, c)[i] === true))
  // positions at which every term joins cells a fixed number of steps apart
  const banded = a.coordinates.map(
    (v, i) =>
      singly[i] !== true && v.id === c.coordinates[i]?.id && own.every((o) => offsetsOf(...o.cells)[i] !== null),
  )
  const groups = new Map<string, { offsets: readonly number[]; own: Oriented[] }>()
  for (const o of own) {
    const raw = offsetsOf(...o.cells).map((x, i) => (banded[i] === true ? (x ?? 0) : 0))
    const forward = same && (raw.find((x) => x !== 0) ?? 0) > 0
    const offsets = forward ? raw.map((x) => (x === 0 ? 0 : -x)) : raw
    const oriented: Oriented = forward ? { term: o.term, cells: [o.cells[1], o.cells[0]] } : o
    const key = offsets.join(',')
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { offsets, own: [oriented] })
    else known.own.push(oriented)
  }
  const size = (offsets: readonly number[]): number => offsets.reduce((s, o) => s + Math.abs(o), 0)
  return [...groups.values()]
    .sort((x, y) => size(x.offsets) - size(y.offsets))
    .flatMap((g) => {
      const firsts = placesOf(b, a, rename)
      const seconds = placesOf(b, c, rename)
      return firsts.flatMap((p, i) =>
        seconds.flatMap((q, j): readonly SystemEntry[] => {
          // of a symmetric part one half
          if (same && size(g.offsets) === 0 && j > i) return []
          const second: Place = {
            at: q.at.map((e, k) => (banded[k] === true ? add(p.at[k] ?? e, num(g.offsets[k] ?? 0)) : e)),
            vars: q.vars.filter(
              (v) => !q.at.some((e, k) => banded[k] === true && e.kind === 'index' && e.var === v.id),
            ),
          }
          const entry = pairEntry(b, [a, c], [p, second], same && size(g.offsets) === 0, g.own, names, notation, rename)
          return firsts.length + seconds.length > 2 && isZero(entry.equation.right) ? [] : [entry]
        }),
      )
    })
}

/** One entry of Λ. `symmetric`: both orders of its cells are in it. */
function pairEntry(
  b: GaussianBlock,
  [a, c]: readonly [BlockLatent, BlockLatent],
  [first, second]: readonly [Place, Place],
  symmetric: boolean,
  own: readonly Oriented[],
  names: readonly string[],
  notation: Notation,
  rename: Rename,
): SystemEntry {
  const indices = [...outerOf(b), ...first.vars, ...second.vars]
  const target = [...b.loops.map((x) => idx(x.index)), ...first.at, ...second.at]
  const once = (o: Oriented, [x, y]: readonly [BlockCell, BlockCell]): Expr =>
    mul(num(-1), addedAt(o.term, placeOf(o.term, [x.at, y.at]), target, indices, rename))
  const value = (os: readonly Oriented[]): Expr => {
    const there = add(...os.map((o) => once(o, o.cells)))
    if (!symmetric) return tidied(there, notation.facts)
    const both = add(there, ...os.map((o) => once(o, [o.cells[1], o.cells[0]])))
    const twice = mul(num(2), there)
    return tidied(agree(twice, both, indices, notation.derivation) ? twice : both, notation.facts)
  }
  const cells = [
    { latent: a.latent.name, at: first.at },
    { latent: c.latent.name, at: second.at },
  ] as const
  const name = precisionName(b, names.length === 1 ? null : [a.latent.name, c.latent.name], notation)
  const over = [...lastVariable(a, first.at), ...lastVariable(c, second.at)]
  return {
    equation: {
      left: ref('table', name, [...leadOf(b, b.sharing !== 'one'), ...besideEachOther(b, ...cells)]),
      right: value(own),
      indices,
      over: [...new Set(over)],
    },
    parts: byFactor(
      own.map((o) => o.term),
      (ts) => value(own.filter((o) => ts.includes(o.term))),
    ),
  }
}

function byFactor<T extends BlockTerm>(terms: readonly T[], value: (ts: readonly T[]) => Expr): SystemEntry['parts'] {
  return [...new Set(terms.map((t) => t.factor))].map((factor) => ({
    factor,
    value: value(terms.filter((t) => t.factor === factor)),
  }))
}

/** Λ of one system is banded along the one loop that its latents share, where cells are joined a few steps apart only. */
export function bandOf(b: GaussianBlock): GaussianSystem['band'] {
  if (b.layout !== 'joint') return null
  const [first] = b.latents
  const loops = first?.latent.loops ?? []
  if (loops.length === 0 || b.latents.some((l) => !loops.every((x, i) => l.coordinates[i]?.id === x.index.id)))
    return null
  const steps = loops.map((_, i) =>
    b.quadratic.map(({ cells: [x, y] }) => {
      const [p, q] = [x.at[i], y.at[i]]
      return p === undefined || q === undefined ? null : literal(sub(q, p))
    }),
  )
  const moving = steps.flatMap((s, i) => (s.some((x) => x !== 0) ? [i] : []))
  const [along] = moving
  if (along === undefined || moving.length > 1) return null
  const own = steps[along] ?? []
  const axis = loops[along]?.index
  if (axis === undefined || own.some((x) => x === null)) return null
  return { axis, width: Math.max(...own.map((x) => Math.abs(x ?? 0))) }
}

/** true where a formula is that of a number and not of a vector. */
export const isScalar = (b: GaussianBlock): boolean =>
  b.latents.length === 1 && b.latents.every((l) => l.coordinates.length === 0)
