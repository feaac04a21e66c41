import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { nodeHost } from '../../cli/node-host.js'
import { run } from '../../cli/run.js'
import { watchFiles } from '../../cli/watch-files.js'

const example = (path: string): string => fileURLToPath(new URL(`../../examples/old-faithful/${path}`, import.meta.url))
let folder: string
let [model, data, out] = ['', '', '']

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estep-watch-'))
  ;[model, data, out] = [join(folder, 'm.estep'), join(folder, 'd.csv'), join(folder, 'fit.json')]
  copyFileSync(example('spherical.estep'), model)
  copyFileSync(example('faithful.csv'), data)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The command under way; `until` waits for the nth time that it says it is watching. */
function watching(more: readonly string[] = []) {
  let [stdout, stderr] = ['', '']
  const interrupts = new Set<() => void>()
  const status = run(
    ['fit', model, '--data', data, '--out', out, '--watch', ...more],
    {
      ...nodeHost(),
      stdout: (text) => {
        stdout += text
      },
      stderr: (text) => {
        stderr += text
      },
      colourOut: false,
      colourErr: false,
      stderrIsTerminal: false,
      onInterrupt: (callback) => {
        interrupts.add(callback)
        return () => void interrupts.delete(callback)
      },
    },
    libraryPorts(),
  )
  return {
    status,
    err: () => stderr,
    out: () => stdout,
    interrupt: () => {
      for (const callback of interrupts) callback()
    },
    until: (times: number) =>
      expect.poll(() => stderr.split('watching m.estep, d.csv').length - 1, { timeout: 20_000 }).toBe(times),
  }
}

const fitted = (): {
  readonly iterations: number
  readonly starts: readonly unknown[]
  readonly observations: number
} => JSON.parse(readFileSync(out, 'utf8'))

/** As editors do: a new file in the place of the old one. */
function saved(path: string, text: string): void {
  writeFileSync(`${path}~`, text)
  renameSync(`${path}~`, path)
}

test('fits again from the last params when a file was saved, waits errors out, and Ctrl-C ends', {
  timeout: 40_000,
}, async () => {
  const [source, rows] = [readFileSync(model, 'utf8'), readFileSync(data, 'utf8')]
  const run = watching()
  await run.until(1)
  expect(fitted().starts).toHaveLength(20)

  saved(data, rows.split('\n').slice(0, 200).join('\n'))
  await run.until(2)
  expect(run.err()).toContain('d.csv has changed')
  expect(run.err().match(/begun where the last fit ended/g)).toHaveLength(1)
  // one start: the last params
  expect(fitted()).toMatchObject({ observations: 199, starts: [{ seed: 1 }] })

  saved(model, source.replace('simplex[K]', 'simplx[K]'))
  await run.until(3)
  expect(run.err()).toContain('m.estep has changed')
  expect(run.err()).toContain('error[')

  // another number of components: the last params do not suit, and the fit begins anew
  writeFileSync(model, source.replace('K = 2', 'K = 3'))
  await run.until(4)
  expect(fitted().starts).toHaveLength(20)

  rmSync(data)
  await new Promise((resolve) => setTimeout(resolve, 400))
  writeFileSync(data, 'nothing,to,see\n1,2,3\n')
  await run.until(5)
  expect(run.err()).toMatch(/error\[E\d+\]/)

  run.interrupt()
  expect(await run.status).toBe(130)
})

test('a change during a fit ends it, and nothing of it is written', { timeout: 40_000 }, async () => {
  const source = readFileSync(model, 'utf8')
  writeFileSync(model, source.replace('K = 2', 'K = 8'))
  const run = watching(['--restarts', '60', '--tol', '1e-14'])
  await new Promise((resolve) => setTimeout(resolve, 300))
  saved(model, source.replace('K = 2', 'K = 1'))
  await run.until(1)
  expect(run.err()).toContain('m.estep has changed')
  expect(JSON.parse(readFileSync(out, 'utf8')).sizes.K).toBe(1)
  expect(run.out().match(/log-likelihood/g)).toHaveLength(1)
  run.interrupt()
  expect(await run.status).toBe(130)
})

test.each([
  [['--json'], '--json is for a single one'],
  [['--checkpoint', 'c.json'], '--checkpoint is for a single one'],
  [['--data', '-'], '--watch needs files, not -'],
])('with %o it is refused', async (more, message) => {
  const run = watching(more)
  expect(await run.status).toBe(2)
  expect(run.err()).toContain(message)
})

test('a file that is being written is waited for', { timeout: 20_000 }, async () => {
  const seen: string[] = []
  const end = watchFiles([data], (file) => seen.push(`${file} ${readFileSync(file, 'utf8').length}`))
  for (let i = 0; i < 8; i++) {
    writeFileSync(data, 'x'.repeat(i + 1))
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  await expect.poll(() => seen.length, { timeout: 5000 }).toBeGreaterThan(0)
  expect(seen.at(-1)).toBe(`${data} 8`)
  end()
})
