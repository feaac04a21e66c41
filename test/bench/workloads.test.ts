import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'

interface Given {
  readonly values: Float64Array | Int32Array
  readonly shape: readonly number[]
}

interface Workload {
  readonly id: string
  readonly folder: string
  readonly sizes: Readonly<Record<string, number>>
  generate(
    sizes: Readonly<Record<string, number>>,
    random: unknown,
  ): { readonly arrays: Readonly<Record<string, Given>>; readonly start: Readonly<Record<string, unknown>> }
}

// plain modules without types: what is read of them is said above
const load = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
  import(new URL(`../../bench/${path}`, import.meta.url).href)
const { workloads } = (await load('workloads/index.mjs')) as { workloads: () => Promise<readonly Workload[]> }
const all = await workloads()
const { randomSource } = (await load('lib/random.mjs')) as { randomSource: (seed: number) => unknown }

/** Sizes of a workload with a few hundred rows and few columns. */
function small({ sizes }: Workload): Readonly<Record<string, number>> {
  const { R = 1, D } = sizes
  const rows = 'N' in sizes ? { N: 300 } : { T: 300, R: Math.min(R, 10) }
  return { ...sizes, ...rows, ...(D === undefined ? {} : { D: Math.min(D, 6) }) }
}

describe('workloads of the benchmark', () => {
  it.each(all.map((workload) => [workload.id, workload] as const))(
    '%s has data that its model takes, the same each time, and a start that EM improves on',
    async (_, workload) => {
      const sizes = small(workload)
      const { arrays, start } = workload.generate(sizes, randomSource(1))
      expect(workload.generate(sizes, randomSource(1))).toEqual({ arrays, start })
      expect(workload.generate(sizes, randomSource(2)).arrays).not.toEqual(arrays)
      const model = compileOrThrow(readFileSync(`${workload.folder}model.estep`, 'utf8'))
      const consts = new Set(model.typed.symbols.filter((s) => s.kind === 'const').map((s) => s.name))
      const set = Object.fromEntries(Object.entries(sizes).filter(([name]) => consts.has(name)))
      const objectives: number[] = []
      await model.fit(arrays, {
        set,
        start,
        restarts: 1,
        tolerance: 0,
        maxIterations: 3,
        threads: 1,
        onIteration: ({ objective }) => objectives.push(objective),
      })
      expect(objectives).toHaveLength(3)
      expect(objectives[2]).toBeGreaterThan(objectives[0] ?? Number.NaN)
    },
    60_000,
  )
})
