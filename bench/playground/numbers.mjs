/**
 * Measures the numbers that the playground has to meet, and prints each with its limit. Exit status 1 where one is missed.
 *
 *   npm run build && node bench/playground/numbers.mjs [--only opening,typing,fit,file]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { randomSource } from '../lib/random.mjs'
import { idle, newPage, openArea, openBrowser, press, servePlayground } from './open-page.mjs'

const dist = fileURLToPath(new URL('../../dist/playground/', import.meta.url))
/** Parts that are measured: all, or those after `--only`. */
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1].split(',') : null
const wanted = (part) => only === null || only.includes(part)
const folder = mkdtempSync(join(tmpdir(), 'estep-numbers-'))
const browser = await openBrowser()
const lines = []
const tell = (what, value, unit, limit) => {
  const good = value !== null && value <= limit
  lines.push(good)
  const shown = value === null ? 'not measured' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
  console.log(`${good ? 'met   ' : 'MISSED'}  ${what.padEnd(58)} ${shown.padStart(14)}   limit ${limit} ${unit}`)
}

// -- sizes --------------------------------------------------------------------------------------------------------------

/** A built file and all that it imports before it runs. */
function withImports(file, seen = new Set()) {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(join(dist, 'assets', file), 'utf8')
  // static imports of a module stand as `from"./x.js"` or `import"./x.js"`
  for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)) withImports(name, seen)
  return seen
}
const packed = (files) =>
  [...files].reduce((n, f) => n + gzipSync(readFileSync(join(dist, 'assets', f)), { level: 9 }).length, 0) / 1024
const assets = readdirSync(join(dist, 'assets'))
const entry = /src="\.\/assets\/([\w.-]+\.js)"/.exec(readFileSync(join(dist, 'index.html'), 'utf8'))?.[1]
tell('JavaScript before the editor, gzipped', entry === undefined ? null : packed(withImports(entry)), 'KB', 80)
const worker = assets.find((f) => /^compile-worker-.*\.js$/.test(f))
tell('compiler worker, gzipped', worker === undefined ? null : packed(withImports(worker)), 'KB', 250)

// -- opening ------------------------------------------------------------------------------------------------------------

/** Notes when things are first there, and tasks of the main thread that are too long. */
function watch() {
  window.noted = { tasks: [], editor: null, key: null, problem: null }
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) window.noted.tasks.push({ at: e.startTime, ms: e.duration })
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    const { noted } = window
    if (noted.editor === null && document.querySelector('.monaco-editor .view-line') !== null)
      noted.editor = performance.now()
    const problem = document.querySelector('[aria-label="Problems of the model"] li.error, .squiggly-error') !== null
    if (problem && noted.key !== null && noted.problem === null) noted.problem = performance.now()
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true })
  addEventListener(
    'keydown',
    () => {
      window.noted.key = performance.now()
      window.noted.problem = null
    },
    true,
  )
}

async function opened(args) {
  const server = await servePlayground(args)
  const page = await newPage(browser, { viewport: { width: 1280, height: 900 } }, [])
  await page.addInitScript(watch)
  await page.goto(server.url)
  const close = async () => {
    await page.context().close()
    server.close()
  }
  return { page, close }
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null

const paints = []
const editors = []
const early = new Set()
for (let i = 0; i < 3 && wanted('opening'); i++) {
  const server = await servePlayground()
  const page = await newPage(browser, { viewport: { width: 1280, height: 900 } }, [])
  await page.addInitScript(watch)
  page.on('request', (r) => {
    if (/katex/i.test(r.url())) early.add(r.url())
  })
  await page.goto(server.url)
  const ready = await page.waitForFunction(() => window.noted.editor, null, { timeout: 8000 }).catch(() => null)
  if (ready !== null) editors.push(await page.evaluate(() => window.noted.editor))
  paints.push(
    await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN),
  )
  await page.context().close()
  server.close()
}
if (wanted('opening')) {
  tell('shell painted (median of 3)', median(paints), 'ms', 1000)
  tell('editor ready (median of 3)', median(editors), 'ms', 2000)
  tell('files of KaTeX loaded before a derivation is opened', early.size, 'files', 0)
}

// -- typing -------------------------------------------------------------------------------------------------------------

const long = join(folder, 'long.estep')
const params = Array.from({ length: 95 }, (_, i) => `param a${i} : real  ~ Normal(0, 10)`)
const data = Array.from({ length: 95 }, (_, i) => `for n in 1..N { y${i}[n] ~ Normal(a${i}, 1) }`)
writeFileSync(
  long,
  `model Long\n${Array.from({ length: 8 }, (_, i) => `# ${i}`).join('\n')}\ndata ${Array.from({ length: 95 }, (_, i) => `y${i}`).join(', ')} : real[N]\n${params.join('\n')}\n${data.join('\n')}\n`,
)
if (wanted('typing')) {
  const { page, close } = await opened([long])
  await page.waitForTimeout(5000)
  await openArea(page, 'Model')
  await page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context, .model textarea').first().focus()
  await page.keyboard.press('Control+End')
  const taken = []
  for (let i = 0; i < 5; i++) {
    await page.keyboard.type('?')
    const found = await page
      .waitForFunction(() => window.noted.problem !== null, null, { timeout: 5000 })
      .catch(() => null)
    if (found !== null) taken.push(await page.evaluate(() => window.noted.problem - window.noted.key))
    await page.keyboard.press('Backspace')
    await page
      .waitForFunction(
        () => document.querySelector('[aria-label="Problems of the model"] li.error, .squiggly-error') === null,
        null,
        { timeout: 5000 },
      )
      .catch(() => null)
  }
  tell('diagnostics after a keystroke on 200 lines (median of 5)', median(taken), 'ms', 150)
  await close()
}

// -- a fit of 100,000 rows ----------------------------------------------------------------------------------------------

const rows = 100_000
const source = randomSource(1)
const table = join(folder, 'rows.csv')
const centres = [
  [0, 0],
  [3, 2],
  [-2, 4],
]
writeFileSync(
  table,
  `u,v\n${Array.from({ length: rows }, () => {
    const [a, b] = centres[Math.floor(source.uniform() * 3)] ?? [0, 0]
    return `${(a + 1.5 * source.normal()).toFixed(4)},${(b + 1.5 * source.normal()).toFixed(4)}`
  }).join('\n')}\n`,
)
const mixture = join(folder, 'mixture.estep')
writeFileSync(
  mixture,
  readFileSync(new URL('../../examples/old-faithful/full.estep', import.meta.url), 'utf8').replace('K = 2', 'K = 6'),
)
if (wanted('fit')) {
  const { page, close } = await opened([mixture, '--data', table])
  await idle(page, 60_000)
  await page.waitForTimeout(500)
  const from = await page.evaluate(() => performance.now())
  await press(page, 'Fit')
  await page.waitForSelector('button.stop', { timeout: 5000 })
  await page.waitForTimeout(6000)
  const running = await page.locator('button.stop').count()
  // inside the page, so that the way to it does not count
  const took = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const begin = performance.now()
        document.querySelector('button.stop')?.click()
        const look = () => {
          const passed = performance.now() - begin
          if (document.querySelector('button.stop') === null) resolve(passed)
          else if (passed > 10_000) resolve(null)
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }),
  )
  const tasks = await page.evaluate((t) => window.noted.tasks.filter((x) => x.at >= t), from)
  tell('stop of a fit of 100,000 rows', running > 0 ? took : null, 'ms', 300)
  tell('longest main-thread task while it runs', Math.max(0, ...tasks.map((t) => t.ms)), 'ms', 50)
  const kept = await page
    .waitForFunction(() => /log-likelihood −?\d/.test(document.querySelector('.where')?.textContent ?? ''), null, {
      timeout: 10_000,
    })
    .catch(() => null)
  tell('iterates that are lost by the stop', kept === null ? 1 : 0, 'lost', 0)
  await close()
}

// -- a file of 50 MB ----------------------------------------------------------------------------------------------------

if (wanted('file')) {
  const big = join(folder, 'big.csv')
  const line = Array.from({ length: 10 }, (_, i) => (i * 1.2345).toFixed(4)).join(',')
  writeFileSync(
    big,
    `${Array.from({ length: 10 }, (_, i) => `c${i}`).join(',')}\n${`${line}\n`.repeat(Math.ceil(50e6 / (line.length + 1)))}`,
  )
  const { page, close } = await opened([])
  await idle(page)
  await openArea(page, 'Data')
  const from = await page.evaluate(() => {
    window.gap = 0
    let last = performance.now()
    const tick = () => {
      const now = performance.now()
      window.gap = Math.max(window.gap, now - last)
      last = now
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    return performance.now()
  })
  await page.locator('input[type=file]').first().setInputFiles(big)
  await page.waitForSelector('section[aria-label="big.csv"]', { timeout: 120_000 }).catch(() => {})
  const there = await page.locator('section[aria-label="big.csv"]').count()
  const { gap, took } = await page.evaluate((t) => ({ gap: window.gap, took: performance.now() - t }), from)
  console.log(`        (a file of 50 MB is read in ${(took / 1000).toFixed(1)} s)`)
  tell('longest time without a frame while 50 MB are read', there > 0 ? gap : null, 'ms', 200)
  await close()
}

await browser.close()
rmSync(folder, { recursive: true, force: true })
process.exitCode = lines.every(Boolean) ? 0 : 1
