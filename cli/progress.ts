import type { FitProgress } from '../runtime/search.js'
import type { Host } from './host.js'

/**
 * A line on the terminal that shows how far something is, with a bar where it is known how much there is: after one second, on
 * a terminal only, gone at the end.
 */
export interface Progress<State> {
  update(progress: State): void
  clear(): void
}

const delay = 1000
const every = 100
const cells = 20

export function createProgress<State = FitProgress>(
  host: Host,
  describe: (progress: State) => { readonly text: string; readonly share: number | null },
): Progress<State> {
  const begin = host.now()
  let last = 0
  let drawn = false
  return {
    update(progress) {
      if (!host.stderrIsTerminal) return
      const now = host.now()
      if (now - begin < delay || now - last < every) return
      last = now
      drawn = true
      const { text, share } = describe(progress)
      const full = share === null ? 0 : Math.max(0, Math.min(cells, Math.round(share * cells)))
      const line = share === null ? text : `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${text}`
      host.stderr(`\r\u001b[2K${line.slice(0, Math.max(20, host.width - 1))}`)
    },
    clear() {
      if (drawn) host.stderr('\r\u001b[2K')
      drawn = false
    },
  }
}
