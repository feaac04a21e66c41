import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'
import { bundleRuntime } from '../../scripts/bundle-runtime.mjs'
import { serveFolder } from './served.js'

const model = `model Two
const K = 2
data  x : real[N]
param pi    : simplex[K]
param mu    : real[K]
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma)
}
`

test('an emitted program runs in a page that forbids code made of text', { timeout: 60_000 }, async () => {
  await bundleRuntime()
  const compiled = compileOrThrow(model)
  const folder = mkdtempSync(join(tmpdir(), 'estep-page-'))
  writeFileSync(join(folder, 'fit.js'), await compiled.emit('js'))
  writeFileSync(
    join(folder, 'run.js'),
    `import { fit } from './fit.js'
const x = Array.from({ length: 80 }, (_, i) => (i % 2) * 4 + Math.sin(i))
document.title = String((await fit({ x }, { seed: 2 })).logLikelihood)
`,
  )
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><html lang="en"><title>waiting</title><script type="module" src="./run.js"></script></html>',
  )
  const served = await serveFolder(folder)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (e) => void errors.push(e.message))
    await page.goto(served.url)
    await expect.poll(() => page.title(), { timeout: 20_000 }).toMatch(/^-?\d/)
    const x = Array.from({ length: 80 }, (_, i) => (i % 2) * 4 + Math.sin(i))
    const reference = await compiled.fit({ x }, { seed: 2 })
    expect(Math.abs(Number(await page.title()) - reference.logLikelihood)).toBeLessThan(1e-9 * 80)
    expect(errors).toEqual([])
  } finally {
    await browser.close()
    await served.close()
    rmSync(folder, { recursive: true })
  }
})
