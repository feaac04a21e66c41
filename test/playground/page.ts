/** The page as it is built, served by `estep play`'s server, in a real browser. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { type PageServer, servePage } from '../../cli/play/page-server.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Playground {
  readonly server: PageServer
  /** The page as it was built. */
  readonly folder: string
  readonly browser: Browser
  /** A fresh page; what the console says and what is thrown is collected. */
  open(options?: BrowserContextOptions & { readonly fragment?: string }): Promise<OpenedPage>
  close(): Promise<void>
}

export interface OpenedPage {
  readonly page: Page
  readonly noise: readonly string[]
}

export async function startPlayground(): Promise<Playground> {
  const browser = await launch()
  const folder = mkdtempSync(join(tmpdir(), 'estep-page-'))
  const runtimeText = join(root, 'api/emit/runtime-text.generated.js')
  if (!existsSync(runtimeText)) execFileSync(execPath, [join(root, 'api/emit/bundle-runtime.mjs')])
  await build({
    root: join(root, 'playground'),
    configFile: join(root, 'playground/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  const server = await servePage(folder, 0, null)
  return {
    server,
    folder,
    browser,
    async open({ fragment = '', ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options })
      const page = await context.newPage()
      const noise: string[] = []
      page.on('console', (m) => void noise.push(`${m.type()}: ${m.text()}`))
      page.on('pageerror', (e) => void noise.push(`thrown: ${e.message}`))
      await page.goto(`${server.url}${fragment}`)
      await page.waitForSelector('.app')
      return { page, noise }
    },
    async close() {
      await browser.close()
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (!existsSync(executablePath))
    throw new Error(
      `There is no browser at ${executablePath}: apt-get install chromium, or say where it is by CHROMIUM.`,
    )
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Until a run may begin. */
export async function ready(page: Page): Promise<void> {
  await page.locator('.run-bar .primary:not([disabled])').waitFor({ timeout: 60_000 })
}

/** Until what was begun has ended. */
export async function idle(page: Page, timeout = 60_000): Promise<void> {
  await page.locator('.run-bar .stop').waitFor({ state: 'detached', timeout })
  await ready(page)
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
export const tab = (page: Page, id: string) => page.locator(`#tab-${id}`)
