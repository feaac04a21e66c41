/** The command line as it is built and published. Its sources are tested beside. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { version } from '../../version.js'

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const isBuilt = existsSync(here('dist/cli/bundle/main.js'))
if (!isBuilt) console.log('the built command line is not tested: run `npm run build` first')

describe.skipIf(!isBuilt)('the built command line', () => {
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [here('dist/cli/main.js'), ...args], { encoding: 'utf8', cwd: here('') })

  it('starts', () => {
    expect(run('--version')).toBe(`${version}\n`)
  })

  it('starts where compiled code cannot be kept', () => {
    const env = { ...process.env, XDG_CACHE_HOME: here('package.json') }
    const printed = execFileSync(process.execPath, [here('dist/cli/main.js'), '--version'], { encoding: 'utf8', env })
    expect(printed).toBe(`${version}\n`)
  })

  it('finds the fonts of formulas', () => {
    const page = run('derive', 'examples/iris/mixture.estep', '--format', 'html')
    expect(page).toContain('src:url(data:font/woff2;base64,')
  })

  it('has the workers of fits', async () => {
    const worker = new Worker(here('dist/cli/bundle/node-worker.js'))
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    expect(message).toEqual({ kind: 'ready' })
  })
})
