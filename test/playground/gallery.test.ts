import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { controlsOf, headOf, readGallery, readOpening } from '../../playground/build/read-examples.js'
import { plainControls } from '../../playground/session/project.js'
import { controlsFromJson } from '../../playground/session/project-json.js'
import { blocksOf } from '../../playground/ui/markdown-blocks.js'

const folder = new URL('../../examples/', import.meta.url)
const { examples } = readGallery(folder)

describe('the gallery', () => {
  it('has every example, with a title, a summary and its files', () => {
    const ids = readdirSync(folder).filter((id) => existsSync(new URL(`${id}/expected.json`, folder)))
    expect(examples.map((e) => e.id)).toEqual(ids.sort())
    for (const e of examples) {
      expect(e.title, e.id).not.toBe('')
      expect(e.summary.length, e.id).toBeGreaterThan(20)
      for (const name of [...e.files, ...e.items.map((i) => i.model)])
        expect(existsSync(new URL(`${e.id}/${name}`, folder)), `${e.id}/${name}`).toBe(true)
      expect(new Set(e.items.map((i) => i.label)).size, e.id).toBe(e.items.length)
    }
  })

  it('gives controls that a page reads', () => {
    for (const e of examples) for (const i of e.items) controlsFromJson(i.controls, plainControls)
    const clipped = examples
      .find((e) => e.id === 'segmentation')
      ?.items.find((i) => (i.controls.start ?? []).length > 0)
    expect(clipped?.controls.restarts).toBe(1)
  })

  it('knows which table is a picture', () => {
    expect(examples.find((e) => e.id === 'segmentation')?.pictures[0]).toMatchObject({ name: 'pixels.csv' })
    expect(examples.find((e) => e.id === 'old-faithful')?.pictures).toEqual([])
  })

  it('refuses an option that it does not know', () => {
    expect(() => controlsOf(['--backend', 'js'], () => '')).toThrow('--backend')
  })

  it('opens on data that stand in the page', () => {
    const opening = readOpening(folder)
    expect(opening.rows).toHaveLength(272)
    expect(opening.columns).toEqual(['eruptions', 'waiting'])
  })
})

describe('a page of an example', () => {
  it('has its head, and is cut into blocks', () => {
    const text =
      '# Title\n\nFirst\nparagraph.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n- one\n  more\n- two\n'
    expect(headOf(text)).toEqual({ title: 'Title', summary: 'First paragraph.' })
    expect(blocksOf(text)).toEqual([
      { kind: 'heading', text: 'Title' },
      { kind: 'paragraph', text: 'First paragraph.' },
      { kind: 'table', head: ['a', 'b'], rows: [['1', '2']] },
      { kind: 'code', text: 'code' },
      { kind: 'list', items: ['one more', 'two'] },
    ])
  })
})
