/** The E-step of each block of latents as plain data: how, over what, which latents together, and what it costs. */
import { add, literal, mul, num, ONE, ref, sub } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'
import { dimension } from '../estep/block-layout.js'
import { elementOf, sizeText } from '../estep/places.js'
import type { ContinuousBlock, EStepStep, GaussianBlock, LatentTable } from '../estep/types.js'
import type { Loop } from '../graph/types.js'
import { bandOf } from './gaussian-system.js'
import { lettersFor, type Notation } from './notation.js'

export interface EStepJson {
  /** Latents whose posterior is one: where there are several, it is joint. */
  readonly latents: readonly string[]
  readonly method: EStepStep['method']
  /** Family of a continuous posterior. */
  readonly family: string | null
  /** Discrete latents for each of whose values there is such a posterior. */
  readonly given: readonly string[]
  /** Loops along which cells are coupled: a posterior of one row has none. */
  readonly across: readonly string[]
  /** What one factorisation of a precision matrix serves. */
  readonly factorisation: 'all rows' | 'rows with the same cells observed' | 'one row' | 'all cells' | null
  /** Operations of one E-step, and numbers held, in the names of sizes, up to a factor. */
  readonly cost: { readonly time: string; readonly memory: string }
  readonly explanation: string
  readonly reference: string
  /** Why the posterior is no family, where it stands as nodes. */
  readonly because?: string
  /** Nodes in each dimension, or draws, of one posterior: in the plan of a fit. */
  readonly points?: number
  readonly draws?: number
  /** What the objective is known to, in nats: in the plan of a fit. */
  readonly error?: number
}

/** Nodes of the posteriors of a block, as they are in a fit. */
export type NodeFacts = Pick<EStepJson, 'latents' | 'points' | 'draws' | 'error'> & {
  readonly method: 'quadrature' | 'monte-carlo'
}

export function eStepJson(notation: Notation): readonly EStepJson[] {
  const d = notation.derivation
  const { eStep } = d
  return eStep.steps
    .filter((s) => s.latents.length > 0)
    .map((s): EStepJson => {
      const { latents, method, explanation, reference } = s
      const common = { latents, method, explanation, reference }
      const same = (names: readonly string[]): boolean => names.join() === latents.join()
      const block = eStep.blocks.find((b) => same(b.latents.map((l) => l.latent.name)))
      if (block !== undefined) return { ...common, ...blockFacts(block, notation) }
      const table = eStep.tables.find((t) => same(t.latents.map((l) => l.name)))
      if (table !== undefined) {
        const facts = tableFacts(table, notation)
        const along = (name: string): string => ` along ${name} over`
        const shown = explanation.replace(along(table.chain?.axis.name ?? ''), along(facts.across[0] ?? ''))
        return { ...common, ...facts, explanation: shown }
      }
      const group = eStep.countGroups.find((g) => same(g.latents))
      const rows = group === undefined ? ONE : extents(group.loops)
      const cost = costOf(mul(rows, num(latents.length)), mul(rows, num(latents.length)))
      return {
        ...common,
        family: group === undefined ? null : 'Multinomial',
        given: [],
        across: [],
        factorisation: null,
        cost,
      }
    })
}

type Facts = Pick<EStepJson, 'family' | 'given' | 'across' | 'factorisation' | 'cost' | 'because'>

const costOf = (time: Expr, memory: Expr): EStepJson['cost'] => ({ time: sizeText(time), memory: sizeText(memory) })

const extentOf = (from: Expr, to: Expr): Expr => (literal(from) === 1 ? to : add(sub(to, from), ONE))

/** Iterations of loops. Those of a ragged loop are counted over all of the loops that its length depends on. */
function extents(loops: readonly Loop[]): Expr {
  const ragged = loops.find((l) => freeIndices(l.index.to).size > 0)
  if (ragged === undefined) return mul(...loops.map((l) => extentOf(l.index.from, l.index.to)))
  const over = freeIndices(ragged.index.to)
  const rest = loops.filter((l) => l !== ragged && !over.has(l.index.id))
  const { to } = ragged.index
  const name = to.kind === 'ref' ? to.name : 'length'
  return mul(ref('size', `sum(${name.replace(/^size:/, '')})`), extents(rest))
}

/** The letters that loops have in formulas. */
const letters = (vars: readonly IndexVar[], notation: Notation): readonly string[] => [
  ...new Set(lettersFor(vars, notation).values()),
]

function blockFacts(b: ContinuousBlock, notation: Notation): Facts {
  const given = b.scope.map((s) => s.latent.name)
  const rows = mul(extents(b.loops), ...b.scope.map((s) => extentOf(s.latent.low, s.latent.high)))
  if (b.kind === 'conjugate') {
    const elements = mul(...(b.latents[0]?.coordinates ?? []).map((v) => extentOf(v.from, v.to)))
    const cells = mul(rows, elements)
    const cost = costOf(add(cells, pointing(b)), cells)
    return { family: b.family.title, given, across: [], factorisation: null, cost }
  }
  if (b.kind === 'nodes') {
    const nodes = mul(rows, ref('size', 'nodes'))
    const cost = costOf(add(nodes, mul(ref('size', 'nodes'), pointing(b))), mul(nodes, add(dimension(b), ONE)))
    return { family: null, given, across: [], factorisation: null, cost, because: b.because.reason }
  }
  return { family: 'Normal', given, ...gaussianFacts(b, rows, notation) }
}

/** Rows of data that point to rows of the block: their terms are added up there. */
const pointing = (b: ContinuousBlock): Expr =>
  add(...[...new Set(b.factors.filter((f) => !f.direct).map((f) => f.lifted.factor.loops))].map(extents))

const power = (e: Expr, n: number): Expr =>
  literal(e) === null ? { kind: 'pow', base: e, exponent: { n, d: 1 } } : num((literal(e) ?? 1) ** n)

function gaussianFacts(
  b: GaussianBlock,
  rows: Expr,
  notation: Notation,
): Pick<Facts, 'across' | 'factorisation' | 'cost'> {
  const size = dimension(b)
  const scope = mul(...b.scope.map((s) => extentOf(s.latent.low, s.latent.high)))
  if (b.layout === 'joint') {
    const across = letters(
      b.latents.flatMap((l) => l.latent.loops.map((x) => x.index)),
      notation,
    )
    const band = bandOf(b)
    if (band === null)
      return {
        across,
        factorisation: 'all cells',
        cost: {
          time: `the fill of a sparse Cholesky factor of order ${sizeText(size)}`,
          memory: `its entries, at least ${sizeText(size)}`,
        },
      }
    // cells at one place of the chain
    const place = add(...b.latents.map((l) => mul(...l.latent.own.map((v) => extentOf(v.from, v.to)))))
    const state = mul(num(band.width), place)
    const places = extents(b.latents[0]?.latent.loops ?? [])
    return {
      across: letters([band.axis], notation),
      factorisation: 'all cells',
      cost: costOf(mul(places, power(state, 3)), mul(places, power(state, 2))),
    }
  }
  const factor = power(size, 3)
  switch (b.sharing) {
    case 'one':
      return {
        across: [],
        factorisation: 'all rows',
        cost: costOf(
          add(mul(scope, factor), mul(rows, power(size, 2))),
          add(mul(scope, power(size, 2)), mul(rows, size)),
        ),
      }
    case 'pattern':
      return {
        across: [],
        factorisation: 'rows with the same cells observed',
        cost: costOf(
          add(mul(ref('size', 'patterns'), scope, factor), mul(rows, power(size, 2))),
          add(mul(ref('size', 'patterns'), scope, power(size, 2)), mul(rows, size)),
        ),
      }
    case 'row':
      return {
        across: [],
        factorisation: 'one row',
        cost: costOf(add(mul(rows, factor), pointing(b)), mul(rows, power(size, 2))),
      }
  }
}

function tableFacts(t: LatentTable, notation: Notation): Facts {
  const d = notation.derivation
  const rows = extents(t.loops)
  const values = (elements: readonly string[]): Expr =>
    mul(
      ...[...new Set(elements)].map((e) => {
        const l = d.graph.latents.find((x) => x.name === elementOf(e).latent)
        return l?.kind === 'discrete' ? extentOf(l.low, l.high) : ONE
      }),
    )
  const own = new Set(t.latents.map((l) => l.name))
  const outside = (elements: readonly string[]): readonly string[] =>
    elements.map((e) => elementOf(e).latent).filter((n) => !own.has(n))
  const time = t.buckets.map((b) => mul(rows, values(b.scope)))
  const memory = t.buckets.map((b) => mul(rows, values(b.scope)))
  const blocks = t.chain?.blocks ?? []
  const scan = blocks.map((b) => mul(rows, values([...b.window, ...b.leaving, ...b.parents])))
  const held = blocks.map((b) => mul(num(3), rows, values([...b.window, ...b.parents])))
  return {
    family: null,
    given: [...new Set([...t.buckets.flatMap((b) => outside(b.scope)), ...blocks.flatMap((b) => outside(b.parents))])],
    across: t.chain === null ? [] : letters([t.chain.axis], notation),
    factorisation: null,
    cost: costOf(add(...time, ...scan), add(...memory, ...held)),
  }
}
