import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { compile } from '../../index.js'
import { fakeHost } from '../cli/fake.js'
import type { CaseId } from './cases.js'

/** What a model is refused with: the code of the first error, or that the command line does not know the mode. */
export type Refusal = `E4${string}` | 'mode'

/** Cases whose model this version refuses to derive, and with what. */
export const notYet: ReadonlyMap<CaseId, Refusal> = new Map<CaseId, Refusal>([
  ['A13-iris-kmeans', 'mode'],
  ['A14-faithful-kmeans', 'mode'],
  ['A25-quine-negbin', 'E402'],
  ['A26-lirat-betabinomial', 'E402'],
  ['A30-newcomb-t4', 'E402'],
  ['A31-newcomb-t-free', 'E402'],
  ['A32-stackloss-mvt5', 'E402'],
  ['A33-ability-fa1', 'E402'],
  ['A34-ability-fa2', 'E402'],
  ['A35-attitude-fa1', 'E402'],
  ['A36-attitude-ppca1', 'E402'],
  ['A37-iris-ppca2', 'E402'],
  ['A38-airquality-mvn-missing', 'E401'],
  ['A39-faithful-gmm-missing', 'E401'],
  ['A42-veteran-exp-censored', 'E401'],
  ['A43-veteran-expmix-censored', 'E401'],
  ['A44-orthodont-random-intercept', 'E402'],
  ['A45-dyestuff-random-effect', 'E402'],
  ['A46-eight-schools-eb', 'E402'],
  ['A47-bcg-eb', 'E402'],
  ['A48-pumps-gamma-poisson-eb', 'E402'],
  ['A49-nile-local-level', 'E402'],
  ['A53-image2-gmm-full-missing', 'E401'],
])

/**
 * Why a model is refused; null where it derives. A model that does not parse or type-check is no refusal: it throws.
 */
export async function refusal(source: string, args: readonly string[]): Promise<Refusal | null> {
  const compiled = compile(source)
  if (!compiled.ok) {
    const error = compiled.diagnostics.find((d) => d.severity === 'error')
    if (error === undefined || !isRefusal(error.code)) throw new Error(`${error?.code}: ${error?.message}`)
    return error.code
  }
  if (args[args.indexOf('--mode') + 1] !== 'hard') return null
  const host = fakeHost({ 'model.estep': source })
  return (await run(['derive', 'model.estep', '--mode', 'hard'], host, libraryPorts())) === 2 ? 'mode' : null
}

const isRefusal = (code: string): code is Refusal => code.startsWith('E4')
