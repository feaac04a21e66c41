/**
 * Goes through the gallery in the page as a reader would: opens every item, fits it, and compares what the page says with
 * the published figure. Prints a line for each and, without --only, writes GALLERY.md beside this file. Exit status 1 where
 * a figure is missed.
 *
 *   npm run build && node bench/playground/gallery.mjs [--only nile,iris] [--seconds 300]
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { newPage, openArea, openBrowser, servePlayground } from './open-page.mjs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const only = option('only', null)?.split(',') ?? null
/** The longest that a fit may take. */
const patience = Number(option('seconds', '300')) * 1000

const server = await servePlayground()
const browser = await openBrowser()
const version = browser.version()
const noise = []

async function freshPage() {
  const page = await newPage(browser, { viewport: { width: 1400, height: 900 } }, noise)
  await page.goto(server.url)
  await runnable(page)
  await openArea(page, 'Numbers')
  return page
}

/** Until a run may begin. */
const runnable = (page) => page.locator('.run-bar .primary:not([disabled])').waitFor({ timeout: 60_000 })

/** What the page says of an item once it is fitted; why it says nothing. */
async function fitted(page, example, at) {
  await page.getByRole('button', { name: 'Gallery', exact: true }).click()
  await page.locator('.gallery-list button').nth(example).click()
  await page.locator('.items button').nth(at).click()
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
  await runnable(page)
  const begin = Date.now()
  await page.getByRole('button', { name: 'Fit', exact: true }).click()
  await page.locator('.facts, .notice-error').first().waitFor({ timeout: patience })
  const seconds = (Date.now() - begin) / 1000
  await runnable(page)
  const notice = page.locator('.notice-error p')
  if ((await notice.count()) > 0) return { seconds, said: await notice.first().textContent(), found: Number.NaN }
  const figure = page.locator('.facts div', { hasText: /^(log-likelihood|lower bound)/ }).locator('dd')
  return { seconds, said: null, found: Number(await figure.first().getAttribute('title')) }
}

let page = await freshPage()
const { examples } = await page.evaluate(async () => (await fetch('gallery/index.json')).json())
const lines = []
let missed = 0
for (const [e, example] of examples.entries()) {
  if (only !== null && !only.includes(example.id)) continue
  for (const [i, item] of example.items.entries()) {
    const { logLikelihood: published, tolerance } = item.expect
    let row
    try {
      row = await fitted(page, e, i)
    } catch (error) {
      row = { seconds: patience / 1000, said: String(error.message).split('\n')[0], found: Number.NaN }
      await page.context().close()
      page = await freshPage()
    }
    const said = [row.said, ...noise.splice(0)].filter((s) => s !== null)
    const good = Math.abs(row.found - published) <= tolerance && said.length === 0
    if (!good) missed++
    const verdict = good ? 'reached' : 'MISSED'
    lines.push(
      `| ${example.id} | ${item.label} | ${published} | ${row.found} | ${tolerance} | ${row.seconds.toFixed(1)} | ${verdict} |`,
    )
    console.log(
      `${verdict}  ${`${example.id}, ${item.label}`.padEnd(64)} ${row.seconds.toFixed(1).padStart(6)} s  ${row.found}  (published ${published} ± ${tolerance})`,
    )
    for (const s of said) console.log(`         ${s}`)
  }
}
await browser.close()
server.close()
const verdict =
  missed === 0
    ? `All ${lines.length} items reach their published figures.`
    : `${missed} of ${lines.length} items miss their published figures.`
console.log(verdict)
if (only === null)
  writeFileSync(
    fileURLToPath(new URL('GALLERY.md', import.meta.url)),
    [
      '# The gallery, fitted in the page',
      '',
      `Written by \`node bench/playground/gallery.mjs\`, in Chromium ${version}: every item is opened from the gallery and fitted by its button; the log-likelihood is the one that the page shows. Seconds are those of the fit.`,
      '',
      verdict,
      '',
      '| example | item | published | in the page | tolerance | seconds | |',
      '|---|---|---|---|---|---|---|',
      ...lines,
      '',
    ].join('\n'),
  )
process.exitCode = missed === 0 ? 0 : 1
