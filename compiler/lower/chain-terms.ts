/** The factors and messages that one chain sums out, sorted by what they cost along it. */
import { guardKey } from '../algebra/key.js'
import type { Expr, Guard } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import { elementOf } from '../estep/places.js'
import type { ChainBlock, PlacedFactor, Potential, TableChain } from '../estep/types.js'
import type { Loop } from '../graph/types.js'

/** A table of numbers over some elements at each row: a message, or the sum of factors that are found through a key. */
export interface Source {
  readonly buffer: string
  readonly scope: readonly string[]
}

/** Factors that are alike at each place: one small table of them, read where `when` holds. */
export interface StepTable {
  readonly when: Guard
  readonly elements: readonly string[]
  /** Loops of the sequences that they depend on. */
  readonly loops: readonly Loop[]
  readonly factors: readonly PlacedFactor[]
}

export interface ChainTerms {
  /** Read nothing that leaves: added to the place's evidence. */
  readonly local: {
    readonly direct: readonly PlacedFactor[]
    readonly keyed: readonly PlacedFactor[]
    readonly sources: readonly Source[]
  }
  /** Read what leaves: the step from one place to the next. */
  readonly step: {
    readonly tables: readonly StepTable[]
    readonly direct: readonly PlacedFactor[]
    readonly sources: readonly Source[]
  }
}

/**
 * @param sources messages into the chain
 * @param tabulate makes a source of the factors of a potential that are found through a key
 */
export function chainTerms(
  chain: TableChain,
  block: ChainBlock,
  potentials: readonly Potential[],
  sources: readonly Source[],
  tabulate: (p: Potential) => Source,
): ChainTerms {
  const own = new Set(block.states.map((s) => s.latent))
  const ofBlock = (scope: readonly string[]): boolean => scope.some((e) => own.has(elementOf(e).latent))
  const leaves = (scope: readonly string[]): boolean => scope.some((e) => block.leaving.includes(e))
  const mine = potentials.filter((p) => ofBlock(p.scope))
  const messages = sources.filter((s) => ofBlock(s.scope))
  const local = mine.filter((p) => !leaves(p.scope)).flatMap((p) => p.factors)
  const step = mine.filter((p) => leaves(p.scope))
  const varies = (f: PlacedFactor): boolean => readIndices(f).has(chain.axis.id)
  // what reads other factors of q at each place is kept as it was when this one was updated
  const tabulated = (f: PlacedFactor): boolean => !f.direct || (varies(f) && some(f.lifted.expr, isPosterior))
  const stepFactors = step.flatMap((p) => p.factors.filter((f) => !tabulated(f)))
  const keyed = step.map((p) => ({ ...p, factors: p.factors.filter(tabulated) })).filter((p) => p.factors.length > 0)
  return {
    local: {
      direct: local.filter((f) => f.direct),
      keyed: local.filter((f) => !f.direct),
      sources: messages.filter((s) => !leaves(s.scope)),
    },
    step: {
      tables: tablesOf(
        stepFactors.filter((f) => !varies(f)),
        chain,
      ),
      direct: stepFactors.filter(varies),
      sources: [...messages.filter((s) => leaves(s.scope)), ...keyed.map(tabulate)],
    },
  }
}

const isPosterior = (e: Expr): boolean => e.kind === 'expect' || e.kind === 'probability'

/** Index variables that a placed factor depends on, the guard of its place left out. */
function readIndices(f: PlacedFactor): ReadonlySet<string> {
  const out = new Set<string>()
  const add = (e: Expr): void => {
    for (const id of freeIndices(e)) out.add(id)
  }
  add(f.lifted.expr)
  for (const l of f.extraLoops)
    for (const e of [l.index.from, l.index.to, ...(l.weight === null ? [] : [l.weight])]) add(e)
  return out
}

function tablesOf(factors: readonly PlacedFactor[], chain: TableChain): readonly StepTable[] {
  const out = new Map<
    string,
    { when: Guard; elements: readonly string[]; loops: readonly Loop[]; factors: PlacedFactor[] }
  >()
  for (const f of factors) {
    const elements = [...new Set(f.elements)].sort()
    const indices = readIndices(f)
    const loops = chain.sequences.filter((l) => indices.has(l.index.id))
    const key = [guardKey(f.when), elements.join(','), loops.map((l) => l.index.id).join(',')].join(' | ')
    const known = out.get(key)
    if (known === undefined) out.set(key, { when: f.when, elements, loops, factors: [f] })
    else known.factors.push(f)
  }
  return [...out.values()]
}
