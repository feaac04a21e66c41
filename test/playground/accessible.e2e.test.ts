/** The page for everybody: axe, narrow windows, dark mode, reduced motion, and a live region that tells what happens. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './axe.js'
import { button, idle, type Playground, ready, startPlayground, tab } from './page.js'

let playground: Playground

beforeAll(async () => {
  playground = await startPlayground()
}, 120_000)

afterAll(() => playground?.close())

/** Those that stay, once formulas and charts have come to their place. */
async function lasting(page: Page): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    await page.waitForTimeout(400)
    const found = await violations(page)
    if (found.length === 0 || tries === 5) return found
  }
}

const areas = ['model', 'data', 'code', 'bound', 'derivation', 'numbers', 'choose'] as const

describe.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  it('has no violations by axe, before and after a fit, in every area', async () => {
    const { page, noise } = await playground.open({ colorScheme })
    await ready(page)
    const wrong = [...(await violations(page))]
    await button(page, 'Fit').click()
    await idle(page)
    for (const area of areas) {
      await tab(page, area).click()
      wrong.push(...(await lasting(page)).map((v) => `${area}: ${v}`))
    }
    await button(page, 'Gallery').click()
    await page.locator('dialog[open]').waitFor()
    wrong.push(...(await violations(page)).map((v) => `gallery: ${v}`))
    expect([...new Set(wrong)]).toEqual([])
    expect(noise).toEqual([])
  }, 120_000)

  it('views, steps and runs in a window of 320 px, and nothing is wider than it', async () => {
    const { page } = await playground.open({ colorScheme, viewport: { width: 320, height: 700 } })
    await ready(page)
    const width = () => page.evaluate('document.documentElement.scrollWidth')
    expect(await width()).toBeLessThanOrEqual(320)
    await button(page, 'Step E').click()
    await page.locator('.where', { hasText: 'after the E-step' }).waitFor()
    await button(page, 'Fit').click()
    await idle(page)
    for (const area of [...areas, 'see']) {
      await tab(page, area).click()
      await page.waitForTimeout(200)
      expect(await width(), area).toBeLessThanOrEqual(320)
    }
    expect(await violations(page)).toEqual([])
  }, 120_000)
})

it('moves nothing where motion is to be reduced', async () => {
  const { page } = await playground.open({ reducedMotion: 'reduce' })
  await ready(page)
  await button(page, 'Step E').click()
  await page.locator('.where', { hasText: 'after the E-step' }).waitFor()
  const moving = await page.evaluate(`[...document.querySelectorAll('*')].filter((e) => {
    const s = getComputedStyle(e)
    return [s.animationName !== 'none' && s.animationDuration !== '0s', s.transitionDuration.split(', ').some((d) => parseFloat(d) > 0.01)].some(Boolean)
  }).length`)
  expect(moving).toBe(0)
}, 60_000)

it('says where a run is to those who do not see it', async () => {
  const { page } = await playground.open()
  await ready(page)
  await button(page, 'Fit').click()
  await idle(page)
  const said = await page.locator('[aria-live=polite]').allTextContents()
  expect(said.join(' ')).toMatch(/iteration \d+.*log-likelihood −1130\.26/)
}, 60_000)
