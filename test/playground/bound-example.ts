/** An example of the repository, bound to its data, with a start. */
import { readFileSync } from 'node:fs'
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { compileOrThrow, type FitCallOptions, readTable } from '../../index.js'
import { busyPacer } from '../../runtime/pacer.js'
import { applyStartValues } from '../../runtime/start-values.js'
import { createStarter } from '../../runtime/starts.js'

const folder = new URL('../../examples/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')

export interface BoundExample {
  readonly model: ProgramModel
  /** A start that `fit` would make, or the values given. */
  start(values?: Readonly<Record<string, unknown>>): Promise<Float64Array>
}

/** `data` is a file of the example, or an object with arrays. */
export function boundExample(model: string, data: string | object, options: FitCallOptions = {}): BoundExample {
  return boundSource(read(model), data, options)
}

export function boundSource(source: string, data: string | object, options: FitCallOptions = {}): BoundExample {
  const given = typeof data === 'string' ? [readTable(data, read(data)).value] : data
  const { model } = compileOrThrow(source).bind(given, options)
  return {
    model,
    async start(values) {
      const made = await createStarter(model, 'auto', busyPacer()).start(1, true)
      if (values === undefined) return made
      const { params, problems } = applyStartValues(model, new Map(Object.entries(values)), made)
      if (problems.length > 0) throw new Error(problems.map((p) => p.message).join('\n'))
      return params
    },
  }
}
