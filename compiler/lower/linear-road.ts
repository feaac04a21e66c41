/** The passes of a program with its chains in plain numbers: see `linear-chain.ts`. */
import { k } from '../kernel/index.js'
import type { KernelOp } from '../kernel/types.js'
import { buffersReadByOp } from '../kernel/visit.js'
import { ChainSums } from './chain-sums.js'
import { type LinearChainLowering, MOST } from './linear-chain.js'
import { type LowerInput, lower } from './lower.js'
import type { Lowerer } from './lowerer.js'
import type { LinearRoad, Pass } from './program.js'

const UNSAFE = 'unsafe'

/** @param lowerer the one that the program was made with: the sums that are added to are the same */
export function linearRoad(input: LowerInput, lowerer: Lowerer): LinearRoad | null {
  if (input.eStep.factorised !== null || input.eStep.tables.every((t) => t.chain === null)) return null
  const chains: LinearChainLowering[] = []
  const { passes } = lower(input, lowerer, 'linear', chains)
  if (chains.length === 0) return null
  lowerer.buffer({ id: UNSAFE, space: 'scratch', type: 'f64', shape: [] })
  const own = passes.filter((p) => chains.some((c) => p.posterior.includes(c.marker)))
  return {
    passes: new Map(
      own.map((p) => [
        p.id,
        {
          evaluation: assembled(p, p.statistics, chains, lowerer),
          objective: assembled(p, [], chains, lowerer),
        },
      ]),
    ),
    unsafe: UNSAFE,
  }
}

function assembled(
  pass: Pass,
  statistics: readonly KernelOp[],
  chains: readonly LinearChainLowering[],
  lowerer: Lowerer,
): readonly KernelOp[] {
  const sums = new Map(chains.map((c) => [c, new ChainSums(c, lowerer)]))
  const rest = statistics.filter((op) => ![...sums.values()].some((s) => s.take(op)))
  const others = [...pass.posterior, ...pass.objective, ...rest].filter((op) => !chains.some((c) => c.own.has(op)))
  /** What is read beside a chain itself; a chain in the rows of another reads that one's posterior. */
  const readBeside = (chain: LinearChainLowering): ReadonlySet<string> => {
    const alongOthers = chains.filter((c) => c !== chain).flatMap((c) => c.wayBack(null, new Set()))
    return new Set([...others, ...alongOthers].flatMap((op) => [...buffersReadByOp(op)]))
  }
  const posterior = pass.posterior.flatMap((op) => {
    const chain = chains.find((c) => c.marker === op)
    return chain === undefined ? [op] : chain.wayBack(sums.get(chain) ?? null, readBeside(chain))
  })
  const mine = chains.filter((c) => pass.posterior.includes(c.marker))
  const total = k.add(...mine.map((c) => k.load(c.check)))
  return [
    ...posterior,
    ...pass.objective,
    ...rest,
    {
      op: 'map',
      out: UNSAFE,
      axes: [],
      at: [],
      value: k.select(k.compare('<=', total, k.num(MOST)), k.num(0), k.num(1)),
    },
  ]
}
