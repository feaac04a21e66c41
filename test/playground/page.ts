/** The page as it is built, served by `estep play`'s server, in a real browser. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
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
  const { folder, remove } = await builtPage()
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
      remove()
    },
  }
}

/** Of what the page is made. */
const SOURCES = ['playground', 'api', 'compiler', 'lang', 'oracle', 'runtime', 'examples', 'index.ts']

/** The page of `npm run build` where it is that of these sources, as in CI; else one that is built here. */
async function builtPage(): Promise<{ readonly folder: string; remove(): void }> {
  const built = join(root, 'dist/playground')
  const index = join(built, 'index.html')
  if (existsSync(index) && SOURCES.every((s) => newest(join(root, s)) < statSync(index).mtimeMs))
    return { folder: built, remove() {} }
  const folder = mkdtempSync(join(tmpdir(), 'estep-page-'))
  const runtimeText = join(root, 'api/emit/runtime-text.generated.js')
  if (!existsSync(runtimeText)) execFileSync(execPath, [join(root, 'api/emit/bundle-runtime.mjs')])
  await build({
    root: join(root, 'playground'),
    configFile: join(root, 'playground/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/** When the newest file was changed, in milliseconds; what is generated follows from the others. */
function newest(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs
  return Math.max(
    0,
    ...readdirSync(path)
      .filter((name) => !name.includes('.generated.') && name !== 'node_modules')
      .map((name) => newest(join(path, name))),
  )
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

/** The address of a project. */
export async function linkOf(
  source: string,
  files: readonly unknown[] = [],
  more: { readonly iteration?: number; readonly controls?: unknown } = {},
): Promise<string> {
  const project = { estep: 1, example: null, source, files, controls: {}, iteration: null, area: 'see', ...more }
  const stream = new Blob([JSON.stringify(project)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `#p1.${Buffer.from(new Uint8Array(await new Response(stream).arrayBuffer())).toString('base64url')}`
}

export const where = (text: string): string => `.where:has-text("${text}")`

/** A page for fingers: a text area stands in for Monaco, whose start costs more than all that a test does. */
export const WITHOUT_MONACO: BrowserContextOptions = { hasTouch: true }

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
export const tab = (page: Page, id: string) => page.locator(`#tab-${id}`)
