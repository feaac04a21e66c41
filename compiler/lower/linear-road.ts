/** The passes of a program with its chains in plain numbers: see `linear-chain.ts`. */
import { k } from '../kernel/index.js'
import type { KernelOp } from '../kernel/types.js'
import { buffersReadByOp } from '../kernel/visit.js'
import { ChainSums } from './chain-sums.js'
import { MOST } from './linear-chain.js'
import { type LowerInput, lower } from './lower.js'
import type { Lowerer } from './lowerer.js'
import type { LinearRoad, Pass, Program, TwoEnds } from './program.js'
import type { TwoEndsChain } from './two-ends.js'

const UNSAFE = 'unsafe'

/**
 * A program with its chains in plain numbers too.
 *
 * @param lowerer the one that it was made with: the sums that are added to are the same
 */
export function withLinearRoad(program: Program, input: LowerInput, lowerer: Lowerer): Program {
  const linear = linearRoad(program, input, lowerer)
  return { ...program, buffers: [...lowerer.buffers.values()], linear }
}

function linearRoad(program: Program, input: LowerInput, lowerer: Lowerer): LinearRoad | null {
  if (input.eStep.factorised !== null || input.eStep.tables.every((t) => t.chain === null)) return null
  const chains: TwoEndsChain[] = []
  const { passes } = lower(input, lowerer, 'linear', chains)
  if (chains.length === 0) return null
  lowerer.buffer({ id: UNSAFE, space: 'scratch', type: 'f64', shape: [] })
  const reported = readByReports(program)
  const own = passes.filter((p) => chains.some((c) => p.posterior.includes(c.marker)))
  return {
    passes: new Map(
      own.map((p) => [
        p.id,
        {
          evaluation: assembled(p, p.statistics, chains, lowerer),
          objective: assembled(p, [], chains, lowerer),
          posterior: assembled({ ...p, objective: [] }, [], chains, lowerer, reported),
          ends: fromBothEnds(p, chains, lowerer),
        },
      ]),
    ),
    unsafe: UNSAFE,
  }
}

/** What is read of the posterior of all rows, once it is in memory. */
function readByReports({ marginals, latents, units, withinSquares }: Program): ReadonlySet<string> {
  const buffers = [...latents, ...units].map(({ buffer }) => buffer)
  return new Set([...buffers, ...[...marginals, ...(withinSquares ?? [])].flatMap((op) => [...buffersReadByOp(op)])])
}

/** How the operations of a pass go together with the chains in it. */
interface Assembly {
  readonly sums: ReadonlyMap<TwoEndsChain, ChainSums>
  /** Of the statistics what is not added up along a chain. */
  readonly rest: readonly KernelOp[]
  /** Operations of no chain. */
  readonly others: readonly KernelOp[]
  /** Says whether numbers were too far apart. */
  readonly check: KernelOp
}

function assembly(
  pass: Pass,
  statistics: readonly KernelOp[],
  chains: readonly TwoEndsChain[],
  lowerer: Lowerer,
): Assembly {
  const sums = new Map(chains.map((c) => [c, new ChainSums(c, lowerer)]))
  const rest = statistics.filter((op) => ![...sums.values()].some((s) => s.take(op)))
  const others = [...pass.posterior, ...pass.objective, ...rest].filter((op) => !chains.some((c) => c.own.has(op)))
  const mine = chains.filter((c) => pass.posterior.includes(c.marker))
  const total = k.add(...mine.map((c) => k.load(c.check)))
  const value = k.select(k.compare('<=', total, k.num(MOST)), k.num(0), k.num(1))
  return { sums, rest, others, check: { op: 'map', out: UNSAFE, axes: [], at: [], value } }
}

function assembled(
  pass: Pass,
  statistics: readonly KernelOp[],
  chains: readonly TwoEndsChain[],
  lowerer: Lowerer,
  readLater: ReadonlySet<string> = new Set(),
): readonly KernelOp[] {
  const { sums, rest, others, check } = assembly(pass, statistics, chains, lowerer)
  /** What is read beside a chain itself; a chain in the rows of another reads that one's posterior. */
  const readBeside = (chain: TwoEndsChain): ReadonlySet<string> => {
    const alongOthers = chains.filter((c) => c !== chain).flatMap((c) => c.wayBack(null, new Set()))
    return new Set([...readLater, ...[...others, ...alongOthers].flatMap((op) => [...buffersReadByOp(op)])])
  }
  const posterior = pass.posterior.flatMap((op) => {
    const chain = chains.find((c) => c.marker === op)
    return chain === undefined ? [op] : chain.wayBack(sums.get(chain) ?? null, readBeside(chain))
  })
  return [...posterior, ...pass.objective, ...rest, check]
}

/** A pass whose only chain can be taken from both ends. */
function fromBothEnds(
  pass: Pass,
  chains: readonly TwoEndsChain[],
  lowerer: Lowerer,
): { readonly evaluation: TwoEnds; readonly objective: TwoEnds } | null {
  const [chain, ...more] = chains
  if (chain === undefined || more.length > 0) return null
  const [evaluation, objective] = [pass.statistics, []].map((statistics) => {
    const { sums, others, check } = assembly(pass, statistics, chains, lowerer)
    const beside = others.filter((op) => op !== chain.marker)
    const read = new Set(beside.flatMap((op) => [...buffersReadByOp(op)]))
    return chain.fromBothEnds(sums.get(chain) ?? null, [...beside, check], read)
  })
  return evaluation == null || objective == null ? null : { evaluation, objective }
}
