/** Library and command line as they are built and published. Their sources are tested beside. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import * as library from '../../index.js'
import { version } from '../../version.js'

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const isBuilt = existsSync(here('dist/node/main.js'))
if (!isBuilt) console.log('what is built is not tested: run `npm run build` first')

describe.skipIf(!isBuilt)('the built library', () => {
  /** What a module of the package prints, as one that depends on it would. */
  const printed = (code: string): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', cwd: here('') })

  it('has all names, and few files', () => {
    const names = printed("console.log(Object.keys(await import('estep')).sort().join())")
    expect(names).toBe(`${Object.keys(library).sort().join()}\n`)
    expect(printed("console.log(import.meta.resolve('estep'))")).toContain('dist/node/index.js')
  })

  it('fits with workers', () => {
    const code = `
      import { readFileSync } from 'node:fs'
      import { compileOrThrow, readTable } from 'estep'
      const folder = 'examples/old-faithful/'
      const model = compileOrThrow(readFileSync(folder + 'spherical.estep', 'utf8'))
      const table = readTable('faithful.csv', readFileSync(folder + 'faithful.csv')).value
      const fit = await model.fit([table], { threads: 2, backend: 'wasm' })
      console.log(fit.logLikelihood.toFixed(4))`
    expect(printed(code)).toBe('-1709.5293\n')
  })
})

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
    const worker = new Worker(here('dist/node/node-worker.js'))
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    expect(message).toEqual({ kind: 'ready' })
  })
})
