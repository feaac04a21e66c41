/** Reports as a browser shows them: axe, narrow and wide windows, dark and light, print. */
import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { katexStyles } from '../../cli/katex-styles.js'
import { compileOrThrow, type FitCallOptions, readTable } from '../../index.js'
import { violations } from '../playground/axe.js'
import { launch } from '../playground/page.js'

const file = (path: string): Buffer => readFileSync(new URL(`../../examples/${path}`, import.meta.url))

let browser: Browser
beforeAll(async () => {
  browser = await launch()
}, 60_000)
afterAll(() => browser?.close())

async function reportOf(model: string, data: string, options: FitCallOptions = {}): Promise<string> {
  const { value } = readTable(data, file(data))
  if (value === undefined) throw new Error(data)
  const fit = await compileOrThrow(file(model).toString()).fit([value], { restarts: 4, ...options })
  return fit.report(undefined, { katexStyles: katexStyles(), ...(options.trace === true ? { frames: [0, 1, 2] } : {}) })
}

/** With the schemes in which axe looks at it, which takes seconds; the colours are the same in all. */
const reports = [
  ['a mixture, traced', 'old-faithful/spherical.estep', 'old-faithful/faithful.csv', { trace: true }, 'both'],
  ['a chain', 'earthquake-chain/model.estep', 'earthquake-chain/earthquakes.csv', {}, 'light'],
  ['latent intercepts', 'generalised-mixed/herds.estep', 'generalised-mixed/herds.csv', { restarts: 1 }, 'light'],
  ['levels', 'dawid-skene/model.estep', 'dawid-skene/anaesthetists.csv', {}, 'both'],
] as const

describe.each(reports)('the report of %s', (_, model, data, options, schemes) => {
  it('is right by axe and fits into every window', { timeout: 90_000 }, async () => {
    const html = await reportOf(model, data, options)
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [320, 1400]) {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
        const page = await context.newPage()
        const noise: string[] = []
        page.on('console', (m) => void noise.push(m.text()))
        page.on('request', (r) => void (r.url().startsWith('data:') || noise.push(r.url())))
        await page.setContent(html)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        const images = page.getByRole('img')
        expect(await images.count()).toBeGreaterThan(1)
        const isForAxe = colorScheme === 'light' ? width === 320 : width === 1400 && schemes === 'both'
        if (isForAxe) expect(await violations(page), `${colorScheme} ${width}`).toEqual([])
        expect(noise).toEqual([])
        await context.close()
      }
  })
})
