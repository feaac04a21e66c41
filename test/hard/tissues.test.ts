/** What the page of examples/tissues says beside log-likelihoods: labels, wrong ones, imputed cells, pictures. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type Fit, type FitCallOptions, readTable } from '../../index.js'

const folder = new URL('../../examples/tissues/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

function column(file: string, name: string): readonly string[] {
  const [header = '', ...lines] = read(file).trim().split('\n')
  const at = header.split(',').indexOf(name)
  return lines.map((line) => line.split(',')[at] ?? '')
}

async function fitted(model: string, file: string, options: FitCallOptions = {}): Promise<Fit> {
  const { value } = readTable(file, read(file))
  if (value === undefined) throw new Error(file)
  return compileOrThrow(read(model)).fit([value], { columns: { x: ['t1', 't2'] }, ...options })
}

/** Rows whose class is not the most frequent one of their label. */
function wrong(fit: Fit, file: string): number {
  const classes = column(file, 'class')
  const labels = [...(fit.posterior('z').modes ?? [])]
  let count = 0
  for (const label of new Set(labels)) {
    const own = classes.filter((_, n) => labels[n] === label)
    count += own.length - Math.max(...[...new Set(own)].map((c) => own.filter((x) => x === c).length))
  }
  return count
}

describe('three tissues', { timeout: 120_000 }, () => {
  it('has the first E-step from three means close together as a matrix of 0 and 1', async () => {
    const start = {
      mu: [
        [80, 120],
        [90, 110],
        [100, 100],
      ],
    }
    const fit = await fitted('nearest.estep', 'image1.csv', { mode: 'hard', start, maxIterations: 1, trace: true })
    const labels = fit.toJSON().iterates?.[0]?.labels?.z ?? []
    const matrix = ['1', '2', '3'].map((k) => labels.map((z) => (z === k ? '1' : '0')).join(','))
    expect(matrix.join('\n')).toBe(read('first-e-step.csv').trim())
    expect(matrix.map((row) => row.split('1').length - 1)).toEqual([229, 134, 237])
  })

  it('has nearest means with 0 and 36 wrong', async () => {
    const clean = await fitted('nearest.estep', 'image1.csv', { mode: 'hard' })
    expect(wrong(clean, 'image1.csv')).toBe(0)
    expect(clean.toJSON().withinSS).toBeCloseTo(78760.941335, 6)
    expect(wrong(await fitted('nearest.estep', 'image2.csv', { mode: 'hard' }), 'image2.csv')).toBe(36)
  })

  it('has Gaussians with 0 and 65 wrong, a lower likelihood where the classes are', async () => {
    expect(wrong(await fitted('gaussians.estep', 'image1.csv'), 'image1.csv')).toBe(0)
    const { params } = await fitted('classes.estep', 'image2.csv')
    const fit = await fitted('gaussians.estep', 'image2.csv', { start: params })
    expect(wrong(fit, 'image2.csv')).toBe(65)
    expect(fit.trace[0]).toBeCloseTo(-5255.783453, 3)
    expect(fit.logLikelihood).toBeCloseTo(-5253.014461, 3)
  })

  it('imputes cells with a quarter of the error of column means, or less', async () => {
    const fit = await fitted('gaussians.estep', 'image1-masked.csv')
    const [array] = (await fit.impute()).arrays
    let [own, plain] = [0, 0]
    const average = ['t1', 't2'].map((name) => {
      const seen = column('image1-masked.csv', name).filter((v) => v !== 'NA')
      return seen.reduce((sum, v) => sum + Number(v), 0) / seen.length
    })
    const cells = array?.cells ?? []
    for (const { index, value } of cells) {
      const [n = 0, d = 0] = index.map((i) => i - 1)
      const truth = Number(column('image1.csv', ['t1', 't2'][d] ?? '')[n])
      own += (Number(value) - truth) ** 2
      plain += ((average[d] ?? 0) - truth) ** 2
    }
    expect(cells.length).toBe(240)
    expect(Math.sqrt(own / plain)).toBeCloseTo(0.17844, 4)
  })

  it.each([
    [['mask.mjs', 'image1.csv'], 'image1-masked.csv'],
    [['plot.mjs', 'image1.csv', '--title', 'image1 by class'], 'image1-classes.svg'],
    [['plot.mjs', 'image2.csv', '--title', 'image2 by class'], 'image2-classes.svg'],
  ])('%s gives %s', (args, file) => {
    const out = execFileSync(process.execPath, args, { cwd: fileURLToPath(folder), encoding: 'utf8' })
    expect(out).toBe(read(file))
  })
})
