/** Models over bound data: runs that take turns leave nothing in the memory that they share. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitCallOptions, readTable } from '../../../index.js'
import type { BoundModel } from '../../../runtime/contract.js'
import { fitModel } from '../../../runtime/fit.js'
import { pause } from '../../runtime/fake-models.js'
import { later } from '../../support/later.js'

const examples: readonly (readonly [string, string, string, FitCallOptions])[] = [
  ['a mixture', 'old-faithful/diagonal', 'old-faithful/faithful.csv', { columns: { x: ['eruptions', 'waiting'] } }],
  ['a chain', 'geyser-chain/model', 'geyser-chain/geyser.csv', {}],
  ['its most probable path', 'geyser-chain/model', 'geyser-chain/geyser.csv', { mode: 'hard' }],
  ['raters', 'dawid-skene/model', 'dawid-skene/anaesthetists.csv', {}],
  ['Newton over rows', 'beta-blockers/classes', 'beta-blockers/betablockers.csv', {}],
  ['experts behind a gate', 'patents/experts', 'patents/patents.csv', {}],
  ['factors', 'factor-analysis/factors', 'factor-analysis/attitude.csv', {}],
  ['degrees of freedom', 'student-t/free', 'student-t/newcomb.csv', {}],
  ['scales of latents', 'eight-schools/model', 'eight-schools/schools.csv', {}],
  ['counts behind sums', 'blood-groups/abo-counts', 'blood-groups/clarke.csv', {}],
]

const read = (path: string): string => readFileSync(new URL(`../../../examples/${path}`, import.meta.url), 'utf8')

function bind(path: string, file: string, options: FitCallOptions): BoundModel {
  const { value, problems } = readTable(file, read(file))
  if (value === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return compileOrThrow(read(`${path}.estep`)).bind([value], options).model
}

describe('restarts side by side', () => {
  for (const [what, path, file, options] of examples) {
    it(`give the bits of one after the other: ${what}`, async () => {
      const fit = async (model: BoundModel): Promise<unknown> => {
        const outcome = await fitModel(model, { restarts: 5, maxIterations: 40, init: 'random' }, { pause })
        return outcome.ok ? { ...outcome.result, params: [...outcome.params] } : outcome
      }
      const { model, most } = later(bind(path, file, options), 4)
      expect(await fit(model)).toEqual(await fit(bind(path, file, options)))
      expect(most()).toBe(4)
    })
  }
})
