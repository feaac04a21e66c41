import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dark, light, type Palette } from '../../playground/editor/palettes.js'
import { serveFolder } from './served.js'

interface EditorWindow {
  readonly estepEditor: {
    readonly kind: string
    readonly ready: Promise<void>
    text(): string
    setText(text: string): void
    reveal(offset: number): void
    highlight(span: { start: number; end: number } | null): void
    dispose(): void
  }
  readonly changes: readonly string[]
  readonly diagnostics: readonly { readonly code: string }[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'estep-editor-'))
let browser: Browser
let served: Awaited<ReturnType<typeof serveFolder>>
let page: Page
let noise: string[] = []

beforeAll(async () => {
  await build({
    root: join(root, 'test/playground/editor-page'),
    configFile: join(root, 'playground/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  served = await serveFolder(folder)
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
}, 120_000)

afterAll(async () => {
  await browser.close()
  await served.close()
  rmSync(folder, { recursive: true })
})

beforeEach(async () => {
  if (page !== undefined) await page.close()
  noise = []
  page = await browser.newPage({ viewport: { width: 900, height: 520 } })
  page.on('console', (m) => void noise.push(m.text()))
  page.on('pageerror', (e) => void noise.push(e.message))
})

const inPage = <T>(run: (w: EditorWindow) => T | Promise<T>): Promise<T> =>
  page.evaluate(`(${run.toString()})(window)`) as Promise<T>

/** Asks again and again: what is given to `waitForFunction` would be evaluated in the page, which its policy forbids. */
async function until(run: (w: EditorWindow) => boolean): Promise<void> {
  await expect.poll(() => inPage(run), { timeout: 10_000 }).toBe(true)
}

async function open(query = ''): Promise<void> {
  await page.goto(`${served.url}${query}`)
  await inPage((w) => w.estepEditor.ready)
  await until((w) => w.diagnostics.length > 0)
}

/** Replaces the text, and waits until the answers about it are there. */
async function mend(): Promise<void> {
  await inPage((w) => w.estepEditor.setText(w.estepEditor.text().replace('Normall', 'Normal')))
  await until((w) => w.diagnostics.length === 0)
}

describe('the model editor in Chromium, under the policy of the playground', () => {
  test('marks a misspelt distribution, and mends it by the keyboard', async () => {
    await open()
    expect(await inPage((w) => w.diagnostics.map((d) => d.code))).toEqual(['E202'])
    await page.locator('.squiggly-error').waitFor()
    await inPage((w) => w.estepEditor.reveal(w.estepEditor.text().indexOf('Normall') + 2))
    await page.keyboard.press('Control+.')
    await page.getByText('Quick Fix').waitFor()
    await page.keyboard.press('Enter')
    await until((w) => w.diagnostics.length === 0)
    expect(await inPage((w) => w.estepEditor.text())).toContain('~ Normal(mu[z]')
    expect(await inPage((w) => w.changes.at(-1) === w.estepEditor.text())).toBe(true)
    expect(noise).toEqual([])
  })

  test('lists what is wrong, and mends it with one click', async () => {
    await open()
    await page.getByText('Error, line 10: there is no distribution').waitFor()
    await page.getByRole('button', { name: 'Write Normal' }).click()
    await until((w) => w.diagnostics.length === 0)
    expect(await inPage((w) => w.estepEditor.text())).toContain('~ Normal(mu[z]')
    expect(await page.locator('.estep-editor-problems li').count()).toBe(0)
    await page.keyboard.press('Control+z')
    await until((w) => w.diagnostics.length === 1)
    expect(noise).toEqual([])
  })

  test('shows the rule of the M-step at the param, and in a hover', async () => {
    await open()
    await mend()
    await page.getByText('M-step: pi_k = N_k / N').waitFor()
    await page
      .locator('.view-line span')
      .filter({ hasText: /^sigma$/ })
      .first()
      .hover()
    const hover = page.locator('.monaco-hover').first()
    await hover.getByText('closed form (family-mode').waitFor()
    expect(await hover.textContent()).toContain('positive[K]')
    expect(noise).toEqual([])
  })

  test('completes a distribution and tells its arguments', async () => {
    await open()
    await inPage((w) => {
      w.estepEditor.setText(w.estepEditor.text().replace('Normall(mu[z], sigma[z])', ''))
      w.estepEditor.reveal(w.estepEditor.text().lastIndexOf('~') + 2)
    })
    await page.keyboard.type('Gam')
    const offered = page.locator('.suggest-widget').getByText('Gamma(shape, scale=)')
    // a service that has only just begun may answer after the list was given up
    await offered.waitFor({ timeout: 5000 }).catch(() => page.keyboard.press('Control+Space'))
    await offered.waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.parameter-hints-widget').getByText('Gamma').first().waitFor()
    expect(await inPage((w) => w.estepEditor.text())).toContain('~ Gamma(shape, rate)')
    expect(noise).toEqual([])
  }, 60_000)

  test('Tab has a way out that is told', async () => {
    await open()
    await mend()
    await inPage((w) => w.estepEditor.reveal(0))
    await page.getByText('Tab indents. Press Esc, then Tab, to leave.').waitFor()
    await page.keyboard.press('Tab')
    expect(await inPage((w) => w.estepEditor.text().startsWith('  model'))).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByText('Press Tab to leave the editor.').waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Let Tab move on')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).toBe('after')
  })

  test('a text that is typed before Monaco has arrived is kept, with its cursor', async () => {
    let arrive: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      arrive = resolve
    })
    await page.route('**/monaco-editor-*.js', async (route) => {
      await held
      await route.continue()
    })
    await page.goto(served.url)
    await page.locator('textarea').focus()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# typed early')
    expect(await inPage((w) => w.estepEditor.kind)).toBe('text-area')
    arrive()
    await inPage((w) => w.estepEditor.ready)
    expect(await inPage((w) => w.estepEditor.kind)).toBe('monaco')
    await page.keyboard.type(', and late')
    expect(await inPage((w) => w.estepEditor.text())).toMatch(/# typed early, and late$/)
  })

  test('where Monaco cannot be loaded the text area stays', async () => {
    await page.route('**/monaco-editor-*.js', (route) => route.abort())
    await page.goto(served.url)
    await inPage((w) => w.estepEditor.ready)
    expect(await inPage((w) => w.estepEditor.kind)).toBe('text-area')
    await page.locator('textarea').fill('model M\n')
    expect(await inPage((w) => w.estepEditor.text())).toBe('model M\n')
  })

  test('the text area lists what is wrong, with a button that mends it', async () => {
    await open('?plain')
    expect(await inPage((w) => w.estepEditor.kind)).toBe('text-area')
    await page.getByText('Error, line 10: there is no distribution').waitFor()
    await page.getByRole('button', { name: 'Write Normal' }).click()
    await until((w) => w.diagnostics.length === 0)
    expect(await inPage((w) => w.estepEditor.text())).toContain('~ Normal(mu[z]')
  })

  test('a touch screen has the text area', async () => {
    const context = await browser.newContext({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 640 } })
    const own = await context.newPage()
    await own.goto(served.url)
    await own.evaluate('window.estepEditor.ready')
    expect(await own.evaluate('window.estepEditor.kind')).toBe('text-area')
    await context.close()
  })

  test('marks the line whose equation runs, in both kinds of editor', async () => {
    await open()
    await inPage((w) => {
      const start = w.estepEditor.text().indexOf('param mu')
      w.estepEditor.highlight({ start, end: start + 8 })
    })
    await page.locator('.estep-editor-running').waitFor()
    expect(await page.locator('.estep-editor-running-glyph').count()).toBe(1)
    await inPage((w) => w.estepEditor.highlight(null))
    await page.locator('.estep-editor-running').waitFor({ state: 'detached' })
    await open('?plain')
    await inPage((w) => w.estepEditor.highlight({ start: 0, end: 5 }))
    expect(await page.locator('.estep-editor-running-number').textContent()).toBe('▶ 1')
  })

  test('no HTML of a text gets into the page', async () => {
    await open()
    const text = 'model M\ndata x : real[N]\nlet a = "<img src=x onerror=alert(1)>" == "b"\nlet b = a\n'
    await page.evaluate(`window.estepEditor.setText(${JSON.stringify(text)})`)
    await page.waitForTimeout(600)
    await page.locator('.view-line span').filter({ hasText: /^a$/ }).first().hover()
    await page.locator('.monaco-hover').first().waitFor()
    expect(await page.locator('.monaco-hover img').count()).toBe(0)
  })

  test('nothing is left when it is taken away', async () => {
    await open()
    await inPage((w) => w.estepEditor.dispose())
    expect(await page.locator('#editor').evaluate((e) => e.childElementCount)).toBe(0)
  })
})

/** Relative luminance and contrast, WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const parts = [1, 3, 5].map((i) => {
      const c = Number.parseInt(colour.slice(i, i + 2), 16) / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * (parts[0] ?? 0) + 0.7152 * (parts[1] ?? 0) + 0.0722 * (parts[2] ?? 0)
  }
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

test.each([
  ['light', light],
  ['dark', dark],
] as const)('contrast of the %s theme', (_, palette: Palette) => {
  const backgrounds = ['background', 'line', 'running', 'selection', 'hintBackground'] as const
  const texts = Object.keys(palette).filter((k) => !(backgrounds as readonly string[]).includes(k)) as (keyof Palette)[]
  for (const text of texts)
    for (const background of backgrounds) {
      // hints and line numbers stand on their own backgrounds only
      if (text === 'lineNumber' && (background === 'selection' || background === 'running')) continue
      if (background === 'hintBackground' && text !== 'hint') continue
      expect({ text, background, contrast: contrast(palette[text], palette[background]) }).toMatchObject({
        contrast: expect.toSatisfy((c: number) => c >= 4.5),
      })
    }
})
