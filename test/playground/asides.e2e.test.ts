/** In the page: modes, held params, intervals, a choice among candidates, data drawn from the model, in Chromium. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastingViolations, violations } from './axe.js'
import { button, idle, linkOf, type Playground, ready, startPlayground, tab, WITHOUT_MONACO } from './page.js'

let playground: Playground

beforeAll(async () => {
  playground = await startPlayground()
}, 120_000)

afterAll(() => playground?.close())

const width = (page: Page) => page.evaluate('document.documentElement.scrollWidth')

/** Presses, and waits until what was begun has come to this. */
async function press(page: Page, name: string, comes: string): Promise<void> {
  await button(page, name).click()
  await page.locator(comes).first().waitFor({ timeout: 60_000 })
  await idle(page)
}

const withPriors = [
  'model M',
  'data y : real[N]',
  'param pi : simplex[2] ~ Dirichlet(0.5)',
  'param mu : real[2] ~ Normal(0, 10)',
  'param s : positive',
  'for n in 1..N {',
  '  latent z ~ Categorical(pi)',
  '  y[n] ~ Normal(mu[z], s)',
  '}',
  '',
].join('\n')

describe('new rows', () => {
  it('have a log-likelihood, and a file with their posteriors', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await button(page, 'Settings').click()
    await page.getByLabel('At most iterations').fill('300')
    await page.keyboard.press('Tab')
    await tab(page, 'numbers').click()
    await press(page, 'Fit', '.facts')
    const buffer = Buffer.from('eruptions,waiting\n1.8,54\n4.5,82\n')
    await page.getByLabel('Predict rows of a file').setInputFiles({ name: 'new.csv', mimeType: 'text/csv', buffer })
    await page.getByText(/Of new\.csv the log-likelihood is −\d.* for each of 2 rows/).waitFor()
    const waiting = page.waitForEvent('download')
    await button(page, 'Download predicted.csv').click()
    expect((await waiting).suggestedFilename()).toBe('predicted.csv')
    expect(await violations(page)).toEqual([])
    expect(noise).toEqual([])
    await page.close()
  }, 60_000)
})

describe('modes', () => {
  it('fits by annealing, whose single steps are refused in a sentence, and goes back in the run', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await button(page, 'Settings').click()
    const mode = page.locator('.settings').getByLabel('Mode')
    // a model without priors has no mode vb
    await page.waitForSelector('.settings option[value=vb][disabled]', { state: 'attached' })
    await mode.selectOption('anneal')
    await page.getByText('The mode anneal has no single steps: press Fit.').waitFor()
    expect(await page.getByLabel('Acceleration').count()).toBe(0)
    expect(await button(page, 'Step E').isDisabled()).toBe(true)
    await page.getByLabel('Factor').fill('1.6')
    await page.keyboard.press('Tab')
    await tab(page, 'numbers').click()
    await press(page, 'Fit', '.facts')
    await page.getByText(/powers of the posterior from 0\.10 to 1\.25/).waitFor()
    expect(await page.locator('.facts').textContent()).toContain('−1130.26')
    await page.getByLabel('Iterations of the run').fill('0')
    await page.waitForSelector('.where:has-text("start")')
    await tab(page, 'derivation').click()
    await page
      .getByText(/anneal/i)
      .first()
      .waitFor()
    await page.locator('.derivation .katex').first().waitFor()
    expect(await lastingViolations(page)).toEqual([])
    expect(noise).toEqual([])
  }, 120_000)

  it('shows posteriors of params in vb', async () => {
    const rows = ['y', ...Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? -3 : 2) + Math.sin(i * 1.7))].join('\n')
    const { page, noise } = await playground.open({
      ...WITHOUT_MONACO,
      fragment: await linkOf(withPriors, [{ kind: 'text', name: 'y.csv', text: rows }], { controls: { mode: 'vb' } }),
    })
    await ready(page)
    await tab(page, 'numbers').click()
    await button(page, 'Step E').click()
    await page.getByText('Means of the posterior ± its standard deviations.').waitFor()
    await tab(page, 'model').click()
    await page.getByText('Plan in the mode vb').waitFor()
    await page.waitForSelector('.where:has-text("lower bound")')
    await press(page, 'To the end', '.chip-converged')
    expect(await page.locator('section[aria-label="mu"]').textContent()).toMatch(/± 0\.\d+/)
    expect(noise).toEqual([])
  }, 90_000)
})

describe('params that are held', () => {
  it('are held by the keyboard at what is typed, and say so in a link', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await tab(page, 'numbers').click()
    await press(page, 'Step E', '.where:has-text("after the E-step")')
    await button(page, 'hold pi').focus()
    await page.keyboard.press('Enter')
    await page.getByText('What is held has changed: it takes effect with the next run.').waitFor()
    await page.getByLabel('pi[1] held at').fill('0.4')
    await page.keyboard.press('Tab')
    await page.keyboard.type('0.6')
    await page.keyboard.press('Tab')
    const values = () => Promise.all([1, 2].map((k) => page.getByLabel(`pi[${k}] held at`).inputValue()))
    await expect.poll(values).toEqual(['0.4', '0.6'])
    expect(await violations(page)).toEqual([])
    await press(page, 'Fit', '.runs .is-shown')
    expect(await page.locator('.runs .is-shown').textContent()).toContain('pi held')
    expect(await page.locator('.facts').textContent()).toMatch(/params\s*10/)
    await button(page, 'hold pi').click()
    await page.getByText('What is held has changed').waitFor()
    expect(await page.locator('section[aria-label="pi"]').textContent()).toMatch(/0\.4000 held/)
    expect(noise).toEqual([])
  }, 120_000)
})

describe('intervals', () => {
  it('stand beside the params of a fit, for readers of axe and of 320 px too', async () => {
    const { page, noise } = await playground.open({ ...WITHOUT_MONACO, colorScheme: 'dark' })
    await ready(page)
    await button(page, 'Settings').click()
    await page.getByLabel('Acceleration').selectOption('squarem')
    await tab(page, 'numbers').click()
    await press(page, 'Fit', '.facts')
    expect(await page.locator('.facts').textContent()).toContain('−1130.26')
    await press(page, 'Find intervals', '.intervals-say')
    expect(await page.locator('section[aria-label="mu"] .interval').count()).toBe(4)
    await page.getByLabel('Intervals by').selectOption('bootstrap')
    await page.getByLabel('Fits', { exact: true }).fill('12')
    await page.keyboard.press('Tab')
    await press(page, 'Find intervals', '.intervals-say:has-text("bootstrap")')
    await press(page, 'Look at residuals', '.chart-title:has-text("Residuals of waiting")')
    expect(await page.locator('.facts').textContent()).toContain('certainty')
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 800 })
    await tab(page, 'numbers').click()
    await page.locator('.interval').first().waitFor()
    expect(await width(page)).toBeLessThanOrEqual(320)
    await page.getByLabel('Iterations of the run').fill('0')
    await page.getByText('The intervals belong to the last iteration').waitFor()
    expect(noise).toEqual([])
  }, 120_000)
})

describe('choosing', () => {
  it('compares candidates, says whether the criteria agree, and takes one', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await tab(page, 'choose').click()
    await page.getByLabel('to', { exact: true }).fill('3')
    await page.keyboard.press('Tab')
    await press(page, 'Compare', '.verdict')
    expect(await page.locator('.verdict').textContent()).toMatch(/The criteria disagree|All criteria agree on K = 2/)
    expect(await page.locator('.candidates tbody tr').count()).toBe(3)
    await page.locator('.candidates tr:has-text("−1130.26")').waitFor()
    expect(await violations(page)).toEqual([])
    await button(page, 'use K = 3').click()
    await ready(page)
    await page.locator('.candidates').getByText('in use').waitFor()
    await page.setViewportSize({ width: 320, height: 800 })
    await tab(page, 'choose').click()
    await page.locator('.verdict').waitFor()
    expect(await width(page)).toBeLessThanOrEqual(320)
    expect(noise).toEqual([])
  }, 120_000)

  it('leaves the run as it was when it is stopped', async () => {
    const { page } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await button(page, 'Step E').click()
    await page.waitForSelector('.where:has-text("after the E-step")')
    await tab(page, 'choose').click()
    await page.getByLabel('to', { exact: true }).fill('9')
    await page.getByLabel('Cross-validation').selectOption('10')
    await button(page, 'Compare').click()
    await page.locator('.choose-form .busy', { hasText: 'K = 2' }).waitFor({ timeout: 60_000 })
    await button(page, 'Stop').click()
    await idle(page)
    // a worker that did not come to it in time is ended; the run is kept all the same
    await page.locator('.where:has-text("after the E-step")').waitFor()
    await button(page, 'Step M').click()
    await page.waitForSelector('.where:has-text("iteration 1, after the M-step")')
  }, 120_000)
})

describe('data drawn from the model', () => {
  it('takes the place of the data, can be fitted, and the data can be put back', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await tab(page, 'data').click()
    await button(page, 'Draw data from the model').click()
    await page.getByText('Step or fit first: data is drawn at the params shown.').waitFor()
    await press(page, 'Fit', '.chip-converged')
    await page.getByLabel('N', { exact: true }).fill('150')
    await page.getByLabel('latents in columns of their own').check()
    await button(page, 'Draw').click()
    await page.locator('.drawn').waitFor({ timeout: 30_000 })
    await page.getByText('150 rows, 3 columns').waitFor()
    await ready(page)
    await page.locator('.chip-stale').first().waitFor()
    await press(page, 'Fit', '.chip-converged')
    // the browser keeps the reader's data, and not what was drawn
    const saved = () => page.evaluate("localStorage.getItem('estep.project')")
    await tab(page, 'code').click()
    await expect.poll(saved, { timeout: 20_000 }).toContain('"area":"code"')
    expect(await saved()).toContain('faithful.csv')
    expect(await saved()).not.toContain('drawn.csv')
    await tab(page, 'data').click()
    await button(page, 'Put your data back').click()
    await page.getByText('272 rows, 2 columns').waitFor()
    await ready(page)
    expect(await page.locator('.drawn').count()).toBe(0)
    expect(await violations(page)).toEqual([])
    expect(noise).toEqual([])
  }, 120_000)
})
