import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { compile } from '../../index.js'
import { fakeHost } from '../cli/fake.js'
import type { CaseId } from './cases.js'

/** What a model is refused with: the code of the first error, or that the command line does not know the mode. */
export type Refusal = `E4${string}` | 'mode'

/** Cases whose model this version refuses to derive, and with what. */
export const notYet: ReadonlyMap<CaseId, Refusal> = new Map<CaseId, Refusal>([])

/** Cases that derive but whose fit is not right yet, and what is wrong. Their log-likelihood is near the reference. */
export const knownDefects: ReadonlyMap<CaseId, string> = new Map<CaseId, string>([])

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
