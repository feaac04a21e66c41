import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { binsOf } from '../../playground/panels/see/bins.js'
import { columnsOf } from '../../playground/panels/see/columns.js'
import { shapeOfParam } from '../../playground/panels/see/param-slices.js'
import { offeredViews, type View } from '../../playground/panels/see/views.js'
import { plainControls } from '../../playground/session/project.js'
import type { ArrayView, PointView } from '../../playground/session/view.js'
import { FitSession } from '../../playground/workers/fit-session.js'

const folder = new URL('../../examples/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')

interface Shown {
  readonly data: readonly ArrayView[]
  readonly point: PointView | null
}

async function shown(
  source: string,
  files: readonly string[],
  more: Partial<typeof plainControls> = {},
): Promise<Shown> {
  const session = new FitSession({ javascript: true }, () => {})
  await session.load({ files: files.map((name) => ({ name: name.split('/').at(-1) ?? name, content: read(name) })) })
  const controls = { ...plainControls, ...more }
  const { data } = await session.bind({ source, controls })
  const { run } = await session.begin({ run: 1, controls, mode: 'em', sameAs: null, params: null, label: 'one' })
  const stepped = await session.step({ run: run.id })
  return { data, point: stepped.run.point }
}

const of = async (model: string, ...files: readonly string[]): Promise<readonly View[]> => {
  const { data, point } = await shown(read(model), files)
  return offeredViews(data, point)
}

const kinds = (views: readonly View[]): readonly string[] => views.map((v) => v.kind)

describe('the views that a model offers', () => {
  it('are those of its data and its latents', async () => {
    expect(kinds(await of('old-faithful/full.estep', 'old-faithful/faithful.csv'))).toEqual([
      'scatter',
      'histogram',
      'responsibilities',
      'params',
    ])
    expect(kinds(await of('galaxies/unequal.estep', 'galaxies/galaxies.csv'))).toEqual([
      'histogram',
      'responsibilities',
      'params',
    ])
    expect(kinds(await of('survey/categories.estep', 'survey/hair_eye_sex.csv'))).toEqual([
      'bars',
      'responsibilities',
      'params',
    ])
    expect(kinds(await of('geyser-chain/model.estep', 'geyser-chain/geyser.csv'))[0]).toBe('path')
    expect(kinds(await of('nile/level.estep', 'nile/nile.csv'))).toEqual(['path', 'histogram', 'params'])
    expect(kinds(await of('eight-schools/model.estep', 'eight-schools/schools.csv'))).toEqual([
      'scatter',
      'histogram',
      'intervals',
      'params',
    ])
    expect(kinds(await of('grades/hidden.estep', 'grades/hidden.csv'))).toEqual(['counts', 'params'])
    expect(kinds(await of('regressions/lines-equal.estep', 'regressions/co2data.csv'))[0]).toBe('scatter')
  })

  it('begin with two responses, or with a response over its covariate', async () => {
    const pair = (views: readonly View[]): readonly string[] => {
      const [v] = views
      return v?.kind === 'scatter' ? [v.x, v.y].map((i) => v.columns[i]?.label ?? '') : []
    }
    expect(pair(await of('old-faithful/full.estep', 'old-faithful/faithful.csv'))).toEqual(['eruptions', 'waiting'])
    expect(pair(await of('regressions/lines-equal.estep', 'regressions/co2data.csv'))).toEqual(['gnp', 'co2'])
    expect(pair(await of('patents/experts.estep', 'patents/patents.csv'))[1]).toBe('patents')
  })

  it('do not depend on names', async () => {
    const source = read('geyser-chain/model.estep')
    const renamed = source
      .replace(/\bz\b/g, 'picture')
      .replace(/\bmu\b/g, '__proto__')
      .replace(/GeyserChain/, 'Image')
    const plain = await shown(source, ['geyser-chain/geyser.csv'])
    const other = await shown(renamed, ['geyser-chain/geyser.csv'])
    expect(kinds(offeredViews(other.data, other.point))).toEqual(kinds(offeredViews(plain.data, plain.point)))
  })

  it('show an image where rows are its pixels', async () => {
    const { data, point } = await shown(read('old-faithful/full.estep'), ['old-faithful/faithful.csv'])
    const pixels = (width: number, height: number): readonly ArrayView[] =>
      data.map((d) => ({ ...d, image: { width, height } }))
    expect(offeredViews(pixels(16, 17), point)[0]).toMatchObject({ kind: 'image', width: 16, latent: 'z' })
    expect(kinds(offeredViews(pixels(10, 10), point))).not.toContain('image')
  })

  it('are of the data alone before anything has run', async () => {
    const { data } = await shown(read('old-faithful/full.estep'), ['old-faithful/faithful.csv'])
    expect(kinds(offeredViews(data, null))).toEqual(['scatter', 'histogram'])
    expect(offeredViews([], null)).toEqual([])
  })
})

describe('columns, bars and params', () => {
  it('name columns by the file', async () => {
    const { data } = await shown(read('old-faithful/full.estep'), ['old-faithful/faithful.csv'])
    expect(columnsOf(data).map((c) => [c.label, c.rows, c.observed])).toEqual([
      ['eruptions', 272, true],
      ['waiting', 272, true],
    ])
    expect(columnsOf(data)[1]?.values[0]).toBe(79)
  })

  it('have bars of area 1, one for each whole number where these are few', () => {
    const numbers = Float64Array.from({ length: 500 }, (_, i) => Math.sin(i) * 10 + (i % 7))
    const bins = binsOf(numbers, false)
    expect(bins.bars.reduce((s, b) => s + b.height * (b.to - b.from), 0)).toBeCloseTo(1, 12)
    expect(bins.bars.reduce((s, b) => s + b.rows, 0)).toBe(500)
    const counts = binsOf(Float64Array.of(0, 0, 1, 3, Number.NaN), true)
    expect(counts.bars.map((b) => b.rows)).toEqual([2, 1, 0, 1])
    expect([...counts.grid]).toEqual([0, 1, 2, 3])
    const weighted = binsOf(Float64Array.of(0, 0, 1, 3), true, Float64Array.of(2, 0, 5, 1))
    expect(weighted.bars.map((b) => b.rows)).toEqual([2, 5, 0, 1])
    expect(weighted.bars.map((b) => b.height)).toEqual([0.25, 0.625, 0, 0.125])
    expect(binsOf(new Float64Array(0), false).count).toBe(0)
    expect(binsOf(Float64Array.of(5, 5, 5), false).bars.some((b) => b.rows === 3)).toBe(true)
  })

  it('cut params into numbers, strips and grids', async () => {
    const { point } = await shown(read('iris/mixture.estep'), ['iris/iris.csv'], {
      columns: new Map([['x', ['sl', 'sw', 'pl', 'pw']]]),
    })
    const shapes = (point?.params ?? []).map(shapeOfParam)
    expect(shapes[0]).toMatchObject({ kind: 'strip', components: true, labels: ['1', '2', '3'] })
    const [mu, sigma] = [shapes[1], shapes[2]]
    expect(Array.isArray(mu) && mu.length).toBe(1)
    expect(Array.isArray(sigma) && sigma.map((g) => [g.title, g.component, g.rows.length])).toEqual([
      ['Sigma[1]', 0, 4],
      ['Sigma[2]', 1, 4],
      ['Sigma[3]', 2, 4],
    ])
    const ragged = await shown(read('survey/categories.estep'), ['survey/hair_eye_sex.csv'])
    const theta = ragged.point?.params.find((p) => p.name === 'theta')
    const grids = theta === undefined ? [] : shapeOfParam(theta)
    expect('kind' in grids ? null : grids[0]?.values.map((r) => r.length)).toEqual([4, 4, 2])
  })
})
