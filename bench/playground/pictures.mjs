/**
 * Saves the states of the playground at three widths in both themes, and says where something runs out of the page, is
 * cut off, overlaps, or has too little contrast. Exit status 1 where there is any of it.
 *
 *   npm run build && node bench/playground/pictures.mjs [--out DIR] [--only NAME,NAME] [--width 320,1280] [--theme dark]
 *
 * `--docs` puts the pictures that the docs show into docs/pictures.
 */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { look } from './look.mjs'
import { idle, newPage, openArea, openBrowser, press, servePlayground } from './open-page.mjs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const out = option('out', 'bench/.data/pictures')
const only = option('only', null)?.split(',') ?? null
/** Pictures of the docs: states at 1280 px in the light theme. */
const DOCS = new Map([
  ['after-m', 'playground.png'],
  ['derivation', 'playground-derivation.png'],
  ['choose', 'playground-choose.png'],
])
const docs = process.argv.includes('--docs')
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
  if (view !== undefined)
    await page.getByRole('tablist', { name: 'Views' }).getByRole('tab', { name: view, exact: true }).click()
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

const fit = async (page) => {
  await press(page, 'Fit')
  await idle(page)
}

/** A mixture whose weights and means have conjugate priors. */
const WITH_PRIORS = `model Bursts
const K = 3
data waiting : real[N]
param pi : simplex[K] ~ Dirichlet(0.5)
param mu : real[K] ~ Normal(70, 30)
param s : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  waiting[n] ~ Normal(mu[z], s)
}
`

const replaceModel = async (page, text) => {
  const area = page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context, .model textarea').first()
  await area.focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
  await page.waitForTimeout(700)
}

/** What is done first, and what is opened before each picture. */
const STATES = {
  opened: { show: (page) => see(page) },
  'after-e': { act: (page) => steps(page, 1), show: (page) => see(page) },
  'after-m': { act: (page) => steps(page, 4), show: (page) => see(page) },
  fitted: { act: fit, show: (page) => see(page, 'Scatter') },
  histogram: { act: fit, show: (page) => see(page, 'Histogram') },
  parameters: { act: fit, show: (page) => see(page, 'Parameters') },
  bound: {
    act: (page) => steps(page, 4),
    show: async (page) => {
      await openArea(page, 'Bound')
      await page.waitForSelector('text=Bound along')
    },
  },
  derivation: {
    act: (page) => steps(page, 2),
    show: async (page) => {
      await openArea(page, 'Derivation')
      await page.waitForSelector('.katex')
    },
  },
  modes: {
    act: async (page) => {
      await press(page, 'Settings')
      await page.locator('.settings').getByLabel('Mode').selectOption('anneal')
    },
    show: (page) => see(page),
  },
  variational: {
    act: async (page) => {
      await openArea(page, 'Model')
      await replaceModel(page, WITH_PRIORS)
      await idle(page)
      await press(page, 'Settings')
      await page.locator('.settings').getByLabel('Mode').selectOption('vb')
      await fit(page)
    },
    show: (page) => openArea(page, 'Numbers'),
  },
  intervals: {
    act: async (page) => {
      await fit(page)
      await openArea(page, 'Numbers')
      await press(page, 'Find intervals')
      await page.waitForSelector('.intervals-say', { timeout: 60_000 })
      await idle(page)
      await press(page, 'Look at residuals')
      await page.waitForSelector('.chart-title:has-text("Residuals of")', { timeout: 60_000 })
    },
    show: (page) => openArea(page, 'Numbers'),
  },
  held: {
    act: async (page) => {
      await steps(page, 2)
      await openArea(page, 'Numbers')
      await press(page, 'hold mu')
    },
    show: (page) => openArea(page, 'Numbers'),
  },
  choose: {
    act: async (page) => {
      await openArea(page, 'Choose')
      await page.getByLabel('Cross-validation').selectOption('5')
      await press(page, 'Compare')
      await page.waitForSelector('.verdict', { timeout: 120_000 })
      await idle(page, 120_000)
    },
    show: (page) => openArea(page, 'Choose'),
  },
  drawn: {
    act: async (page) => {
      await fit(page)
      await openArea(page, 'Data')
      await press(page, 'Draw data from the model')
      await press(page, /^Draw$/)
      await page.waitForSelector('.drawn', { timeout: 60_000 })
      await idle(page)
    },
    show: (page) => openArea(page, 'Data'),
  },
  data: { show: (page) => openArea(page, 'Data') },
  gallery: { act: (page) => press(page, 'Gallery'), show: (page) => page.waitForSelector('dialog[open]') },
  error: { act: (page) => type(page, '\nparam extra : positivee\n'), show: (page) => openArea(page, 'Model') },
  stale: {
    act: async (page) => {
      await fit(page)
      await type(page, '\n# another line\n')
    },
    show: (page) => see(page, 'Scatter'),
  },
}

mkdirSync(out, { recursive: true })
if (docs) mkdirSync('docs/pictures', { recursive: true })
const server = await servePlayground()
const browser = await openBrowser()
let bad = 0
for (const [name, { act, show }] of Object.entries(STATES)) {
  if (only !== null && !only.includes(name)) continue
  const complaints = []
  const page = await newPage(browser, { viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce' }, complaints)
  const tell = (label) => {
    bad += complaints.length
    console.log(`${complaints.length === 0 ? 'good' : 'BAD '}  ${label}`)
    for (const c of complaints.splice(0)) console.log(`        ${c}`)
  }
  try {
    await page.goto(server.url)
    await idle(page)
    await act?.(page)
  } catch (e) {
    complaints.push(String(e).split('\n')[0])
  }
  for (const width of widths)
    for (const theme of themes) {
      try {
        await page.setViewportSize({ width, height: width < 500 ? 1400 : 1000 })
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await show(page)
        await page.mouse.move(0, 0)
        await page.waitForTimeout(400)
        complaints.push(...(await page.evaluate(look)))
      } catch (e) {
        complaints.push(String(e).split('\n')[0])
      }
      const path = join(out, `${name}-${width}-${theme}.png`)
      await page.screenshot({ path, fullPage: true })
      const inDocs = DOCS.get(name)
      if (docs && inDocs !== undefined && width === 1280 && theme === 'light')
        copyFileSync(path, join('docs/pictures', inDocs))
      tell(`${name} ${width} ${theme}`)
    }
  await page.context().close()
}
await browser.close()
server.close()
console.log(bad === 0 ? `All pictures are in ${out}.` : `${bad} complaints; the pictures are in ${out}.`)
process.exitCode = bad === 0 ? 0 : 1
