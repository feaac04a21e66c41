/** The page for everybody: axe, narrow windows, dark mode, reduced motion, and a live region that tells what happens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastingViolations, violations } from './axe.js'
import { button, idle, type Playground, ready, startPlayground, tab, WITHOUT_MONACO } from './page.js'

let playground: Playground

beforeAll(async () => {
  playground = await startPlayground()
}, 120_000)

afterAll(() => playground?.close())

const areas = ['model', 'data', 'code', 'bound', 'derivation', 'numbers', 'choose'] as const
/** What an area shows when it has come. */
const SHOWS: { readonly [A in (typeof areas)[number]]: string } = {
  model: '.plan',
  data: '.file table',
  code: '.code pre',
  bound: '#panel-bound svg',
  derivation: '.derivation .katex',
  numbers: '.facts',
  choose: '.choose-form',
}

describe.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  it('has no violations by axe, before and after a fit, in every area', async () => {
    const { page, noise } = await playground.open({ colorScheme })
    await ready(page)
    const wrong = [...(await violations(page))]
    await button(page, 'Fit').click()
    await idle(page)
    // the whole page once more with what a fit brings, then what each area shows
    await tab(page, 'numbers').click()
    wrong.push(...(await violations(page)).map((v) => `fitted: ${v}`))
    for (const area of areas) {
      await tab(page, area).click()
      await page.locator(SHOWS[area]).first().waitFor()
      wrong.push(...(await lastingViolations(page, `#panel-${area}`)).map((v) => `${area}: ${v}`))
    }
    await button(page, 'Gallery').click()
    await page.locator('dialog[open]').waitFor()
    wrong.push(...(await violations(page)).map((v) => `gallery: ${v}`))
    expect([...new Set(wrong)]).toEqual([])
    expect(noise).toEqual([])
  }, 120_000)

  it('views, steps and runs in a window of 320 px, and nothing is wider than it', async () => {
    const { page } = await playground.open({ ...WITHOUT_MONACO, colorScheme, viewport: { width: 320, height: 700 } })
    await ready(page)
    const width = () => page.evaluate('document.documentElement.scrollWidth')
    expect(await width()).toBeLessThanOrEqual(320)
    await button(page, 'Step E').click()
    await page.locator('.where', { hasText: 'after the E-step' }).waitFor()
    await button(page, 'Fit').click()
    await idle(page)
    for (const area of areas) {
      await tab(page, area).click()
      await page.locator(SHOWS[area]).first().waitFor()
      expect(await width(), area).toBeLessThanOrEqual(320)
    }
    await tab(page, 'see').click()
    expect(await width()).toBeLessThanOrEqual(320)
    expect(await violations(page)).toEqual([])
  }, 120_000)
})

it('moves nothing where motion is to be reduced, and tells those who do not see it where a run is', async () => {
  const { page } = await playground.open({ ...WITHOUT_MONACO, reducedMotion: 'reduce' })
  await ready(page)
  await button(page, 'Step E').click()
  await page.locator('.where', { hasText: 'after the E-step' }).waitFor()
  const moving = await page.evaluate(`[...document.querySelectorAll('*')].filter((e) => {
    const s = getComputedStyle(e)
    return [s.animationName !== 'none' && s.animationDuration !== '0s', s.transitionDuration.split(', ').some((d) => parseFloat(d) > 0.01)].some(Boolean)
  }).length`)
  expect(moving).toBe(0)
  // to those who do not see it, it says where a run is
  await button(page, 'Fit').click()
  await idle(page)
  const said = await page.locator('[aria-live=polite]').allTextContents()
  expect(said.join(' ')).toMatch(/iteration \d+.*log-likelihood −1130\.26/)
}, 60_000)
