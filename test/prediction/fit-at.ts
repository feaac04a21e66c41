import type { LatentPosterior } from '../../index.js'
import { compileOrThrow, type Fit, loadFit } from '../../index.js'

/** A fit of a model at given params, as one that was loaded from a file. */
export async function fitAt(
  text: string,
  data: unknown,
  params: Readonly<Record<string, unknown>>,
  options: { readonly groupBy?: string } = {},
): Promise<Fit> {
  const fit = await compileOrThrow(text).fit(data, { start: params, maxIterations: 1, ...options })
  const document: unknown = JSON.parse(JSON.stringify(fit.toJSON()))
  return loadFit({ ...(document as object), params })
}

export function named(latents: readonly LatentPosterior[], name: string): LatentPosterior {
  const found = latents.find((l) => l.name === name)
  if (found === undefined) throw new Error(`no posterior of ${name}`)
  return found
}

/** The numbers of a part of a posterior that has to be there. */
export function numbers(values: Float64Array | null | undefined): readonly number[] {
  if (values === null || values === undefined) throw new Error('no numbers')
  return [...values]
}
