/** The day of the specification: a student, a teacher, a developer, each on one page from beginning to end. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { unzipSync } from 'fflate'
import type { Download, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  button,
  idle,
  linkOf,
  type OpenedPage,
  type Playground,
  ready,
  startPlayground,
  tab,
  WITHOUT_MONACO,
  where,
} from './page.js'

let playground: Playground

beforeAll(async () => {
  playground = await startPlayground()
}, 120_000)

afterAll(() => playground?.close())

describe('a student', () => {
  let opened: OpenedPage
  beforeAll(async () => {
    opened = await playground.open({ permissions: ['clipboard-read', 'clipboard-write'] })
  }, 60_000)
  afterAll(() => opened?.page.context().close())

  it('opens on Old Faithful, plotted', async () => {
    const { page } = opened
    await page.getByText('272 rows of waiting over eruptions').waitFor()
    await ready(page)
    expect(await page.locator('.model-name').textContent()).toBe('OldFaithfulFull')
  }, 60_000)

  it('steps by halves, sees what runs, scrubs back to the same numbers', async () => {
    const { page } = opened
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
  }, 60_000)

  it('copies the derivation, which LaTeX takes', async () => {
    const { page } = opened
    await button(page, 'Copy as LaTeX').click()
    await page.getByText('LaTeX copied').waitFor()
    const copied = (await page.evaluate('navigator.clipboard.readText()')) as string
    expect(copied).toMatch(/^% needs \\usepackage\{amsmath/)
    expect(copied.match(/\\section\{/g)?.length).toBeGreaterThan(3)
    // in the reader's own document
    if (hasLatex())
      typeset(`\\documentclass{article}\\usepackage{amsmath,amssymb,graphicx}\\begin{document}${copied}\\end{document}`)
  }, 60_000)

  it('takes another K and another start, and keeps the traces of both runs', async () => {
    const { page } = opened
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
  }, 60_000)

  it('types Normall in the editor, reads what was meant, mends it in one click, and hovers a param', async () => {
    const { page } = opened
    const line = page.locator('.monaco-editor .view-line', { hasText: 'MvNormal(' })
    await line.click({ position: { x: 4, y: 4 } })
    await page.keyboard.press('Home')
    const text = (await line.textContent()) ?? ''
    for (let i = 0; i < text.trim().indexOf('MvNormal(') + 'MvNormal'.length; i++)
      await page.keyboard.press('ArrowRight')
    await page.keyboard.type('l')
    const problem = page.locator('.diagnostics li.error')
    await problem.waitFor()
    expect(await problem.textContent()).toContain('MvNormal')
    await page.locator('.squiggly-error').first().waitFor()
    await page.locator('.diagnostics .fix').first().click()
    await ready(page)
    expect(await page.locator('.model .diagnostics').count()).toBe(0)
    await page.locator('.monaco-editor .view-line', { hasText: 'covariance' }).getByText('Sigma').first().hover()
    const hover = page.locator('.monaco-hover:visible')
    await hover.waitFor()
    expect((await hover.textContent())?.replace(/\s+/g, ' ')).toMatch(/covariance.*closed/is)
    expect(opened.noise).toEqual([])
  }, 60_000)

  it('types lines as fast as keys come, and none of it is lost', async () => {
    const { page } = opened
    await page.locator('.monaco-editor .native-edit-context, .monaco-editor textarea').first().focus()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\nparam extra : positivee\n# and so on')
    await page.locator('.monaco-editor .view-line', { hasText: '# and so on' }).waitFor()
    await page.locator('.monaco-editor .view-line', { hasText: 'positivee' }).waitFor()
    await page.locator('.diagnostics li.error').first().waitFor()
    expect(opened.noise).toEqual([])
  }, 60_000)
})

describe('a teacher', () => {
  let opened: OpenedPage
  beforeAll(async () => {
    opened = await playground.open(WITHOUT_MONACO)
    await ready(opened.page)
  }, 60_000)
  afterAll(() => opened?.page.context().close())

  it('presents, drops a file with empty cells, and reads what is missing in one sentence', async () => {
    const { page } = opened
    await button(page, 'Present').click()
    expect(await page.locator('.columns > .slot').count()).toBe(3)
    const rows = Array.from({ length: 30 }, (_, i) => `s${i},${i % 5 === 0 ? '' : 50 + i},${i === 7 ? '' : 60 + i}`)
    await drop(page, 'marks.csv', ['student,first,second', ...rows].join('\n'))
    await page.getByText('7 missing cells').waitFor()
    const complaint = page.locator('.data .diagnostics li').first()
    await complaint.waitFor()
    const said = (await complaint.textContent()) ?? ''
    expect(said).not.toMatch(/\bat \S+:\d+|undefined|Error:/)
    expect(said.length).toBeGreaterThan(10)
  }, 60_000)

  it('chooses the columns by hand', async () => {
    const { page } = opened
    const rows = Array.from({ length: 30 }, (_, i) => `s${i},${50 + (i % 7)},${60 + (i % 5)}`)
    await choose(page, 'scores.csv', ['student,first,second', ...rows].join('\n'))
    await page.locator('.data .diagnostics li.error').first().waitFor()
    await page.locator('.mapping').getByLabel('first', { exact: true }).check()
    await ready(page)
    await page.locator('.mapping').getByLabel('second', { exact: true }).check()
    await ready(page)
    expect(await page.locator('.data .diagnostics li.error').count()).toBe(0)
    await page.locator('th', { hasText: 'first' }).getByText('x[·, 1]').waitFor()
  }, 60_000)

  it('goes on by the keyboard alone', async () => {
    const { page } = opened
    await button(page, 'Present').click()
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
    expect(opened.noise).toEqual([])
  }, 60_000)

  it.each([
    ['paste.csv', 'a,b\n1,2\n3,4\n5,7\n', /3 rows, 2 columns/],
    ['paste.tsv', 'a\tb\n1\t2\n3\t4\n5\t7\n8\t1\n', /4 rows, 2 columns/],
  ])(
    'pastes %s',
    async (_, text, says) => {
      const { page } = opened
      await tab(page, 'data').click()
      await button(page, 'Paste data').click()
      await page.getByLabel('A table with a header').fill(text)
      await button(page, 'Use it').click()
      await page.locator('.file').getByText(says).waitFor()
      await ready(page)
    },
    60_000,
  )

  it('opens JSON, and a picture where the model takes colours', async () => {
    const { page } = opened
    await choose(page, 'rows.json', JSON.stringify([1, 2, 3, 4, 6].map((a, i) => ({ a, b: (i * 7) % 5 }))))
    await page.locator('.file').getByText('5 rows, 2 columns').waitFor()
    await ready(page)
    const photo = readFileSync(new URL('../../examples/segmentation/photo.png', import.meta.url))
    await drop(page, 'photo.png', photo)
    await page.getByText('photo.png is a picture, and this model takes none').waitFor()
    const segments = readFileSync(new URL('../../examples/segmentation/model.estep', import.meta.url), 'utf8')
    await page.goto(`${playground.server.url}${await linkOf(segments)}`)
    await page.reload()
    await tab(page, 'data').click()
    await page.getByText('Choose a picture').waitFor()
    await drop(page, 'photo.png', photo)
    await page
      .locator('.file')
      .getByText(/\d rows, 3 columns/)
      .waitFor()
    await ready(page)
    await button(page, 'Step E').click()
    await page.waitForSelector(where('after the E-step'))
    await page.getByLabel('the component of each pixel').waitFor()
    expect(opened.noise).toEqual([])
  }, 90_000)
})

describe('a developer', () => {
  it('takes the program with all that it needs, which gives the numbers of the page', async () => {
    const { page, noise } = await playground.open(WITHOUT_MONACO)
    await ready(page)
    await tab(page, 'numbers').click()
    await button(page, 'Fit').click()
    await idle(page)
    const figure = page.locator('.facts div', { hasText: 'log-likelihood' }).locator('dd')
    const shown = Number(await figure.getAttribute('title'))
    await tab(page, 'code').click()
    await page.getByLabel('Program').check()
    const zip = await downloaded(page, 'Download a zip that runs')
    const program = await downloaded(page, 'Download fit.mjs')
    const parts = unzipSync(zip)
    expect(Object.keys(parts).sort()).toEqual(['README.txt', 'faithful.csv', 'fit.mjs', 'model.estep'])
    expect(Buffer.from(parts['fit.mjs'] ?? [])).toEqual(program)
    const folder = mkdtempSync(join(tmpdir(), 'estep-zip-'))
    try {
      for (const [name, content] of Object.entries(parts)) writeFileSync(join(folder, name), content)
      const command = /^ {2}node (.*)$/m.exec(readFileSync(join(folder, 'README.txt'), 'utf8'))?.[1] ?? ''
      const out = execFileSync(execPath, [...command.split(' '), '--json'], { cwd: folder, encoding: 'utf8' })
      expect((JSON.parse(out) as { readonly logLikelihood: number }).logLikelihood).toBeCloseTo(shown, 6)
    } finally {
      rmSync(folder, { recursive: true })
    }
    expect(noise).toEqual([])
    await page.context().close()
  }, 90_000)
})

function hasLatex(): boolean {
  try {
    execFileSync('pdflatex', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Fails where LaTeX does. */
function typeset(document: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'estep-latex-'))
  try {
    writeFileSync(join(folder, 'page.tex'), document)
    execFileSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'page.tex'], {
      cwd: folder,
      stdio: 'ignore',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function choose(page: Page, name: string, text: string): Promise<void> {
  await page.setInputFiles('.choose input[type=file]', { name, mimeType: 'text/plain', buffer: Buffer.from(text) })
}

/** As if it were let go over the page. */
async function drop(page: Page, name: string, content: string | Buffer): Promise<void> {
  const type = name.endsWith('.png') ? 'image/png' : 'text/csv'
  const given = JSON.stringify([Buffer.from(content).toString('base64'), name, type])
  const transfer = await page.evaluateHandle(`(([text, name, type]) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }))
    return transfer
  })(${given})`)
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer })
}

async function downloaded(page: Page, name: string): Promise<Buffer> {
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, name).click()])
  return readFileSync(await (file as Download).path())
}
