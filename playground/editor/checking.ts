/** Asks for diagnostics after changes: those of syntax and types soon, those of the derivation when typing rests. */
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { LanguageClient } from './language-client.js'

/** Milliseconds after the last change. */
const CHECK_AFTER = 20
const DERIVE_AFTER = 400

export interface Checking {
  changed(): void
  dispose(): void
}

export function createChecking(
  service: LanguageClient,
  text: () => string,
  show: (diagnostics: readonly Diagnostic[]) => void,
): Checking {
  let round = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = async (kind: 'diagnostics' | 'allDiagnostics', own: number): Promise<boolean> => {
    const asked = text()
    const found = await service.ask({ kind, text: asked })
    if (own !== round || text() !== asked) return false
    show(found)
    return true
  }
  const run = async (own: number): Promise<void> => {
    try {
      if (!(await ask('diagnostics', own))) return
      timer = setTimeout(() => void ask('allDiagnostics', own).catch(() => undefined), DERIVE_AFTER - CHECK_AFTER)
    } catch {
      // the worker was ended; the next change asks again
    }
  }
  return {
    changed: () => {
      round += 1
      const own = round
      if (timer !== undefined) clearTimeout(timer)
      timer = setTimeout(() => void run(own), CHECK_AFTER)
    },
    dispose: () => {
      round += 1
      if (timer !== undefined) clearTimeout(timer)
    },
  }
}
