import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GalleryIndex } from '../../playground/gallery/types.js'
import { button, idle, type Playground, ready, startPlayground, tab } from './page.js'
import { serveFolder } from './served.js'

let playground: Playground

beforeAll(async () => {
  playground = await startPlayground()
}, 120_000)

afterAll(() => playground?.close())

const where = (text: string) => `.where:has-text("${text}")`

describe('a day in the playground', () => {
  it('opens on Old Faithful, plotted', async () => {
    const { page, noise } = await playground.open()
    await page.getByText('272 rows of waiting over eruptions').waitFor()
    await ready(page)
    expect(await page.locator('.model-name').textContent()).toBe('OldFaithfulFull')
    expect(noise).toEqual([])
  }, 60_000)

  it('steps by halves, marks what runs, scrubs back, and keeps the traces of both runs', async () => {
    const { page, noise } = await playground.open()
    await ready(page)
    await tab(page, 'derivation').click()
    await button(page, 'Step E').click()
    await page.waitForSelector(where('iteration 0, after the E-step'))
    await page.locator('.derivation-step.is-running', { hasText: 'E-step' }).waitFor()
    expect(await page.locator('.plan .is-active').count()).toBe(1)
    await button(page, 'Step M').click()
    await page.waitForSelector(where('iteration 1, after the M-step'))
    expect(await page.locator('.derivation-step.is-running').count()).toBe(3)
    const first = await page.locator('.where').textContent()
    await button(page, 'To the end').click()
    await page.locator('.chip-converged').waitFor()
    const scrubber = page.getByLabel('Iterations of the run')
    await scrubber.fill('2')
    await page.waitForSelector(where('iteration 1, after the M-step'))
    expect(await page.locator('.where').textContent()).toBe(first)
    await scrubber.fill('0')
    await page.waitForSelector(where('start'))
    await button(page, 'Settings').click()
    await page.locator('.settings label', { hasText: 'K' }).last().locator('input').fill('3')
    await page.keyboard.press('Tab')
    await ready(page)
    await button(page, 'New start').click()
    await page.waitForSelector(where('start'))
    await tab(page, 'numbers').click()
    await page.locator('.runs li').nth(1).waitFor()
    expect(await page.locator('.runs li').count()).toBe(2)
    expect(await page.locator('.runs .is-shown').textContent()).toContain('K = 3')
    expect(noise).toEqual([])
  }, 90_000)

  it('says what a slip of the pen meant, and mends it in one click', async () => {
    const source = readFileSync(new URL('../../examples/old-faithful/spherical.estep', import.meta.url), 'utf8')
    const { page } = await playground.open({
      fragment: await linkOf(source.replace('Normal(', 'Normall('), [FAITHFUL]),
    })
    await page.locator('.diagnostics').waitFor()
    expect(await page.locator('.diagnostics').textContent()).toContain('Normal')
    await page.locator('.diagnostics .fix').first().click()
    await ready(page)
    expect(await page.locator('.model .diagnostics').count()).toBe(0)
  }, 60_000)

  it('reads a file with empty cells, counts them, and names a column that is missing in one sentence', async () => {
    const { page } = await playground.open()
    await ready(page)
    await tab(page, 'data').click()
    const rows = Array.from({ length: 30 }, (_, i) => `s${i},${i % 5 === 0 ? '' : 50 + i},${i === 7 ? '' : 60 + i}`)
    const marks = ['student,first,second', ...rows].join('\n')
    await page.setInputFiles('.choose input[type=file]', {
      name: 'marks.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(marks),
    })
    await page.getByText('7 missing cells').waitFor()
    const complaint = page.locator('.data .diagnostics li').first()
    await complaint.waitFor()
    const said = (await complaint.textContent()) ?? ''
    expect(said).not.toMatch(/\bat \S+:\d+|undefined|Error:/)
    expect(said.length).toBeGreaterThan(10)
    await button(page, 'Present').click()
    expect(await page.locator('.columns > .slot').count()).toBe(3)
  }, 60_000)

  it('goes by the keyboard alone', async () => {
    const { page } = await playground.open()
    await ready(page)
    await button(page, 'Step E').focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector(where('iteration 0, after the E-step'))
    await tab(page, 'bound').focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForSelector('#tab-derivation[aria-selected="true"]')
    await page.keyboard.press('End')
    await page.waitForSelector('#tab-choose[aria-selected="true"]')
    await button(page, 'Gallery').focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Gallery')
  }, 60_000)
})

describe('what is kept', () => {
  it('brings back what was written on a touch screen, runs nothing, and goes back to the example', async () => {
    const { page, noise } = await playground.open({
      hasTouch: true,
      isMobile: true,
      viewport: { width: 390, height: 800 },
    })
    await ready(page)
    await tab(page, 'model').click()
    // a plain text area, for good: Monaco is made for keyboards
    const area = page.locator('.model textarea.estep-editor-area')
    await area.fill(`# mine\n${await area.inputValue()}`)
    const kept = () => page.evaluate("localStorage.getItem('estep.project') ?? ''")
    await expect.poll(kept).toContain('# mine')
    await page.reload()
    await ready(page)
    await tab(page, 'model').click()
    await expect.poll(() => area.inputValue()).toMatch(/^# mine/)
    expect(await page.locator('.monaco-editor').count()).toBe(0)
    expect(await page.locator('.where').textContent()).toContain('Step through one iteration')
    await button(page, 'Reset').click()
    await ready(page)
    await tab(page, 'model').click()
    await expect.poll(() => area.inputValue()).toMatch(/^model OldFaithful/)
    expect(noise).toEqual([])
  }, 60_000)
})

describe('what it must not do', () => {
  it('is served under a policy without unsafe-eval, which the browser enforces', async () => {
    const { page } = await playground.open()
    // a timer of text is what the page itself would run; what the debugger runs is under no policy
    await page.evaluate("setTimeout('globalThis.leaked = true', 0)")
    await page.waitForTimeout(300)
    expect(await page.evaluate('globalThis.leaked')).toBeUndefined()
    // hosts that send no headers are given the same by the page itself
    const response = await page.request.get(playground.server.url)
    const sent = response.headers()['content-security-policy'] ?? ''
    const own = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content')
    expect(`${own}; frame-ancestors 'none'`).toBe(sent)
    const host = await serveFolder(playground.folder, '/', null)
    await page.goto(host.url)
    await page.waitForSelector('.app')
    await page.evaluate("setTimeout('globalThis.leaked = true', 0)")
    await page.waitForTimeout(300)
    expect(await page.evaluate('globalThis.leaked')).toBeUndefined()
    await host.close()
    expect(response.headers()['content-security-policy']).not.toMatch(/script-src[^;]*'unsafe-(eval|inline)'/)
  }, 60_000)

  it.each([
    ['#p1.AAAA', 'damaged'],
    [`#p1.${'A'.repeat(70_000)}`, 'longer than'],
    ['#p9.AAAA', 'newer version'],
  ])(
    'refuses a link in a sentence',
    async (fragment, words) => {
      const { page, noise } = await playground.open({ fragment })
      const alert = page.locator('.notice')
      await alert.waitFor()
      expect(await alert.textContent()).toContain(words)
      await ready(page)
      expect(noise).toEqual([])
    },
    60_000,
  )

  it('runs nothing when a link is opened, and takes its names as text', async () => {
    const source = 'model M\ndata y : real[N]\nparam mu : real\nfor n in 1..N {\n  y[n] ~ Normal(mu, 1)\n}\n'
    const name = '<img src=x onerror=alert(1)>.csv'
    const fragment = await linkOf(source, [{ kind: 'text', name, text: '"<script>alert(1)</script>",y\n1,2\n3,4\n' }])
    const { page, noise } = await playground.open({ fragment })
    await ready(page)
    await tab(page, 'data').click()
    await page.getByText(name).first().waitFor()
    expect(await page.locator('.where').textContent()).toContain('Step through one iteration')
    expect(await page.locator('img, .data script').count()).toBe(0)
    expect(noise).toEqual([])
  }, 60_000)

  it('goes to the iteration that a link was made at, when it is asked to', async () => {
    const source = [
      'model M',
      'data y : real[N]',
      'param pi : simplex[2]',
      'param mu : real[2]',
      'for n in 1..N {',
      '  latent z ~ Categorical(pi)',
      '  y[n] ~ Normal(mu[z], 1)',
      '}',
      '',
    ].join('\n')
    const text = 'y\n-2.1\n-1.6\n-0.3\n0.2\n0.9\n1.7\n2.4\n2.6\n'
    const { page, noise } = await playground.open({
      fragment: await linkOf(source, [{ kind: 'text', name: 'y.csv', text }], 3),
    })
    await ready(page)
    await button(page, 'Go to iteration 3').click()
    await page.waitForSelector(where('iteration 3, after the M-step'))
    expect(noise).toEqual([])
  }, 60_000)

  it('works from a folder of a static host, which gives no isolation: by fewer threads', async () => {
    const host = await serveFolder(playground.folder, '/courses/em/')
    const context = await playground.browser.newContext({ viewport: { width: 1400, height: 900 } })
    try {
      const page = await context.newPage()
      const noise: string[] = []
      page.on('console', (m) => void noise.push(`${m.type()}: ${m.text()}`))
      page.on('pageerror', (e) => void noise.push(`thrown: ${e.message}`))
      await page.goto(host.url)
      await ready(page)
      expect(await page.evaluate('globalThis.crossOriginIsolated')).toBe(false)
      await button(page, 'Fit').click()
      await page.locator('.chip-converged').waitFor({ timeout: 60_000 })
      expect(await page.locator('.where').textContent()).toContain('log-likelihood −1130.264')
      // rows enough for several threads
      const rows = Array.from({ length: 30_000 }, (_, i) => `${Math.sin(i) * 3 + (i % 2) * 6},${Math.cos(i * 7)}`)
      await tab(page, 'data').click()
      await page.setInputFiles('.choose input[type=file]', {
        name: 'many.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(['a,b', ...rows].join('\n')),
      })
      await page.getByText('30,000 rows, 2 columns').waitFor({ timeout: 30_000 })
      await ready(page)
      await button(page, 'Step E').click()
      await page.waitForSelector(where('iteration 0, after the E-step'))
      await button(page, 'Step M').click()
      await page.waitForSelector(where('iteration 1, after the M-step'))
      await button(page, 'Gallery').click()
      await page.locator('.gallery-list button').first().waitFor()
      expect(noise).toEqual([])
    } finally {
      await context.close()
      await host.close()
    }
  }, 120_000)

  it('stops soon, keeping the last iterate, and does not freeze meanwhile', async () => {
    const { page } = await playground.open()
    await ready(page)
    const rows = Array.from({ length: 100_000 }, (_, i) => `${Math.sin(i) * 3 + (i % 2) * 2},${Math.cos(i * 7)}`)
    await tab(page, 'data').click()
    await page.setInputFiles('.choose input[type=file]', {
      name: 'many.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(['a,b', ...rows].join('\n')),
    })
    await page.getByText('100,000 rows, 2 columns').waitFor({ timeout: 30_000 })
    await ready(page)
    // the points are drawn before anything is run
    await page.waitForTimeout(1500)
    await page.evaluate(`
      globalThis.longest = 0
      new PerformanceObserver((list) => {
        for (const e of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, e.duration)
      }).observe({ entryTypes: ['longtask'] })
    `)
    await button(page, 'Fit').click()
    await page.locator('.run-bar .stop').waitFor()
    await page.locator('.where', { hasText: 'iteration' }).waitFor({ timeout: 60_000 })
    await page.waitForTimeout(1000)
    const longest = await page.evaluate('globalThis.longest')
    const took = await page.evaluate(`(async () => {
      const begin = performance.now()
      document.querySelector('.run-bar .stop').click()
      while (document.querySelector('.run-bar .stop') !== null) await new Promise((r) => setTimeout(r, 5))
      return performance.now() - begin
    })()`)
    // what a busy machine allows: 300 ms and 50 ms are held to by bench/playground/numbers.mjs
    expect(took).toBeLessThanOrEqual(3000)
    await page.locator('.where', { hasText: 'log-likelihood' }).waitFor({ timeout: 30_000 })
    expect(longest).toBeLessThanOrEqual(500)
  }, 120_000)
})

describe('the gallery', () => {
  it('has every example, and the first figure of each is reached in the page', async () => {
    const { page, noise } = await playground.open()
    await ready(page)
    const index = (await page.evaluate(async () => (await fetch('gallery/index.json')).json())) as GalleryIndex
    const asked = process.env.ESTEP_GALLERY?.split(',')
    const all = asked?.[0] === 'all'
    const wanted = index.examples.filter((e) => all || (asked?.includes(e.id) ?? QUICK.has(e.id)))
    const wrong: string[] = []
    for (const example of wanted) {
      const items = asked !== undefined ? example.items : example.items.slice(0, 1)
      for (const [i, item] of items.entries()) {
        await button(page, 'Gallery').click()
        await page.locator('.gallery-list button', { hasText: example.title }).click()
        await page.locator('.items button').nth(i).click()
        await page.locator('dialog[open]').waitFor({ state: 'detached' })
        await ready(page)
        await button(page, 'Fit').click()
        await idle(page, 120_000)
        await tab(page, 'numbers').click()
        const figure = page.locator('.facts div', { hasText: 'log-likelihood' }).locator('dd')
        const found = Number(await figure.getAttribute('title'))
        const { logLikelihood, tolerance } = item.expect
        if (!(Math.abs(found - logLikelihood) <= tolerance))
          wrong.push(`${example.id}, ${item.label}: ${found}, published ${logLikelihood}`)
      }
    }
    expect(wrong).toEqual([])
    expect(noise).toEqual([])
  }, 900_000)
})

const FAITHFUL = { kind: 'example', example: 'old-faithful', name: 'faithful.csv' }

/** Examples that every run of the tests goes through; ESTEP_GALLERY=all goes through all items of all, ESTEP_GALLERY=nile,tissues of these. */
const QUICK = new Set([
  'old-faithful',
  'linkage',
  'galaxies',
  'blood-groups',
  'geyser-chain',
  'nile',
  'student-t',
  'survey',
])

async function linkOf(
  source: string,
  files: readonly unknown[] = [],
  iteration: number | null = null,
): Promise<string> {
  const project = { estep: 1, example: null, source, files, controls: {}, iteration, area: 'see' }
  const stream = new Blob([JSON.stringify(project)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  return `#p1.${Buffer.from(bytes).toString('base64url')}`
}
