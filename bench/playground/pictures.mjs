/**
 * Saves twelve states of the playground at three widths in both themes, and says where something runs out of the page, is
 * cut off, overlaps, or has too little contrast. Exit status 1 where there is any of it.
 *
 *   npm run build && node bench/playground/pictures.mjs [--out DIR] [--only NAME,NAME] [--width 320,1280] [--theme dark]
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { look } from './look.mjs'
import { idle, newPage, openArea, openBrowser, press, servePlayground } from './open-page.mjs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const out = option('out', 'bench/.data/pictures')
const only = option('only', null)?.split(',') ?? null
const widths = option('width', '320,768,1280').split(',').map(Number)
const themes = option('theme', 'light,dark').split(',')

const steps = async (page, n) => {
  for (let i = 0; i < n; i++) {
    await page.getByRole('button', { name: /^Step [EM]/ }).click()
    await idle(page)
  }
}
const see = async (page, view) => {
  await openArea(page, 'See')
  if (view !== undefined) await page.getByRole('tab', { name: view, exact: true }).click()
}
/** Types at the end of the model, in whichever editor there is. */
const type = async (page, text) => {
  await openArea(page, 'Model')
  const area = page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context, .model textarea').first()
  await area.focus()
  await page.keyboard.press('Control+End')
  await page.keyboard.type(text)
  await page.waitForTimeout(700)
}

/** What is done before a picture is taken. */
const STATES = {
  opened: async (page) => see(page),
  'after-e': async (page) => {
    await steps(page, 1)
    await see(page)
  },
  'after-m': async (page) => {
    await steps(page, 4)
    await see(page)
  },
  fitted: async (page) => {
    await press(page, 'Fit')
    await idle(page)
    await see(page)
  },
  histogram: async (page) => {
    await press(page, 'Fit')
    await idle(page)
    await see(page, 'Histogram')
  },
  parameters: async (page) => {
    await press(page, 'Fit')
    await idle(page)
    await see(page, 'Parameters')
  },
  bound: async (page) => {
    await steps(page, 4)
    await openArea(page, 'Bound')
    await page.waitForSelector('text=Bound along')
  },
  derivation: async (page) => {
    await steps(page, 2)
    await openArea(page, 'Derivation')
    await page.waitForTimeout(1500)
  },
  data: async (page) => {
    await openArea(page, 'Data')
  },
  gallery: async (page) => {
    await press(page, 'Gallery')
    await page.waitForTimeout(500)
  },
  error: async (page) => {
    await type(page, '\nparam extra : positivee\n')
  },
  stale: async (page) => {
    await press(page, 'Fit')
    await idle(page)
    await type(page, '\n# another line\n')
    await see(page)
  },
}

mkdirSync(out, { recursive: true })
const server = await servePlayground()
const browser = await openBrowser()
let bad = 0
for (const theme of themes)
  for (const width of widths)
    for (const [name, act] of Object.entries(STATES)) {
      if (only !== null && !only.includes(name)) continue
      const complaints = []
      const page = await newPage(
        browser,
        { viewport: { width, height: width < 500 ? 1400 : 1000 }, colorScheme: theme, reducedMotion: 'reduce' },
        complaints,
      )
      const label = `${name} ${width} ${theme}`
      try {
        await page.goto(server.url)
        await idle(page)
        await act(page)
        await page.waitForTimeout(500)
        await page.mouse.move(0, 0)
        complaints.push(...(await page.evaluate(look)))
        await page.screenshot({ path: join(out, `${name}-${width}-${theme}.png`), fullPage: true })
      } catch (e) {
        complaints.push(String(e).split('\n')[0])
        await page.screenshot({ path: join(out, `${name}-${width}-${theme}.png`), fullPage: true }).catch(() => {})
      }
      await page.context().close()
      bad += complaints.length
      console.log(`${complaints.length === 0 ? 'good' : 'BAD '}  ${label}`)
      for (const c of complaints) console.log(`        ${c}`)
    }
await browser.close()
server.close()
console.log(bad === 0 ? `All pictures are in ${out}.` : `${bad} complaints; the pictures are in ${out}.`)
process.exitCode = bad === 0 ? 0 : 1
