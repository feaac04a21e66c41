/** The built playground, served by `estep play`, in a Chromium without a window. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Where Chromium is looked for, beside what playwright itself has installed. */
const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export async function openBrowser() {
  const executablePath = PLACES.find((p) => p !== undefined && existsSync(p))
  try {
    return await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox'],
    })
  } catch {
    console.error('There is no Chromium: apt-get install chromium, or npx playwright-core install chromium')
    process.exit(1)
  }
}

/** @returns {Promise<{ url: string, close: () => void }>} */
export function servePlayground(args = []) {
  if (!existsSync(main)) {
    console.error('The playground is not built: npm run build')
    process.exit(1)
  }
  const server = spawn(process.execPath, [main, 'play', ...args, '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.on('exit', () => server.kill('SIGINT'))
  return new Promise((resolve, reject) => {
    server.on('exit', (code) => reject(new Error(`estep play ended with ${code}`)))
    server.stdout.once('data', (text) => resolve({ url: String(text).trim(), close: () => server.kill('SIGINT') }))
  })
}

/** A page that tells of what goes wrong in it. */
export async function newPage(browser, options, complaints) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.on('console', (m) => {
    if (['error', 'warning'].includes(m.type())) complaints.push(`console: ${m.text()}`)
  })
  page.on('pageerror', (e) => complaints.push(`error: ${e.message}`))
  return page
}

/** Opens the area whose tab has this name, where it is not open already. */
export async function openArea(page, name) {
  const tab = page.getByRole('tab', { name, exact: false }).first()
  if ((await tab.count()) > 0 && (await tab.getAttribute('aria-selected')) !== 'true') await tab.click()
}

/** Waits until nothing is under way. */
export async function idle(page, timeout = 30_000) {
  await page.waitForFunction(
    () => {
      const fit = [...document.querySelectorAll('button')].find((b) => b.textContent?.trim() === 'Fit')
      return fit !== undefined && !fit.disabled
    },
    null,
    { timeout },
  )
  await page.waitForTimeout(150)
}

export const press = (page, name) => page.getByRole('button', { name }).first().click()
