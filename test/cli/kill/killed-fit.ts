/** `estep fit` in a process of its own that is killed at a moment, inside or outside of a write of its checkpoint. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** `write` counts from 1; `after`: milliseconds from the begin of this write (inside), or from its end. */
export interface Moment {
  readonly inside: boolean
  readonly write: number
  readonly after: number
}

export interface Ended {
  readonly status: number | null
  /** Where the process was when it was killed; null where it ended by itself before. */
  readonly killed: 'inside a write' | 'between writes' | null
  /** Writes that had begun. */
  readonly writes: number
  readonly err: string
}

const slowWrites = fileURLToPath(new URL('slow-writes.mjs', import.meta.url))

/**
 * @param program what comes before `fit` on the command line of Node
 * @param slow milliseconds of each step of a write, of which there are nine
 */
export function fitKilledAt(
  program: readonly string[],
  args: readonly string[],
  moment: Moment | null,
  slow: number,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', slowWrites, ...program, 'fit', ...args], {
      env: { ...process.env, SLOW_WRITES: String(slow), NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let [err, inside, writes] = ['', false, 0]
    let killed: Ended['killed'] = null
    const kill = (): void => {
      if (inside !== moment?.inside || killed !== null || child.exitCode !== null) return
      killed = inside ? 'inside a write' : 'between writes'
      child.kill('SIGKILL')
    }
    const heard = (line: string): void => {
      if (line === '\u0001begin') {
        inside = true
        writes++
      } else if (line === '\u0001end') inside = false
      else err += `${line}\n`
      if (moment !== null && writes >= moment.write && inside === moment.inside && killed === null)
        setTimeout(kill, moment.after)
    }
    let rest = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(heard)
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, killed, writes, err: err + rest }))
  })
}
