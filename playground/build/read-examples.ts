/** Reads `examples/` for the gallery; run when the page is built, in Node. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { GalleryExample, GalleryIndex, GalleryItem, Opening } from '../gallery/types.js'
import type { ControlsJson } from '../session/project-json.js'

interface Entry {
  readonly model: string
  readonly data: readonly string[]
  readonly args: readonly string[]
  readonly expect: { readonly logLikelihood: number; readonly tolerance: number; readonly objective?: number }
  readonly source: string
}

export function readGallery(folder: URL): GalleryIndex {
  const ids = readdirSync(folder)
    .filter((id) => existsSync(new URL(`${id}/expected.json`, folder)))
    .sort()
  return { examples: ids.map((id) => readExample(id, new URL(`${id}/`, folder))) }
}

function readExample(id: string, folder: URL): GalleryExample {
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
  const { title, summary } = headOf(read('README.md'))
  const entries: readonly Entry[] = JSON.parse(read('expected.json'))
  const items = entries.map((entry) => itemOf(entry, read))
  const files = new Set(items.flatMap((i) => i.data))
  return { id, title, summary, files: [...files], pictures: picturesOf(folder, [...files]), items }
}

/** A table beside a picture with as many pixels as it has rows. */
function picturesOf(folder: URL, files: readonly string[]): GalleryExample['pictures'] {
  const sizes = readdirSync(folder)
    .filter((name) => name.endsWith('.png'))
    .map((name) => {
      // width and height are the first fields of the first chunk
      const header = readFileSync(new URL(name, folder)).subarray(16, 24)
      return { width: header.readUInt32BE(0), height: header.readUInt32BE(4) }
    })
  return files.flatMap((name) => {
    const rows = readFileSync(new URL(name, folder), 'utf8').trim().split('\n').length - 1
    const size = sizes.find(({ width, height }) => width * height === rows)
    return size === undefined ? [] : [{ name, ...size }]
  })
}

/** Title and first paragraph of a page. */
export function headOf(page: string): { readonly title: string; readonly summary: string } {
  const lines = page.split('\n')
  const title = (lines.find((l) => l.startsWith('# ')) ?? '# ').slice(2).trim()
  const begin = lines.findIndex((l, i) => i > 0 && l.trim() !== '' && !l.startsWith('#'))
  const length = lines.slice(begin).findIndex((l) => l.trim() === '')
  const summary = lines
    .slice(begin, length < 0 ? undefined : begin + length)
    .map((l) => l.trim())
    .join(' ')
  return { title, summary }
}

function itemOf(entry: Entry, read: (name: string) => string): GalleryItem {
  const { logLikelihood, tolerance, objective = null } = entry.expect
  const controls = controlsOf(entry.args, read)
  const said = [
    entry.data.length === 0 ? null : entry.data.join(' + '),
    ...(controls.set ?? []).map(([name, value]) => `${name} = ${value}`),
    controls.mode === 'hard' ? 'hard' : null,
    (controls.start ?? []).length === 0 ? null : 'from a given start',
  ].filter((part) => part !== null)
  return {
    label: [entry.model.replace(/\.estep$/, ''), ...said].join(' · '),
    model: entry.model,
    data: entry.data,
    controls,
    expect: { logLikelihood, tolerance, objective },
    source: entry.source,
  }
}

/** The options of `estep fit` that examples use. One that is not known ends the build, so that none is lost in silence. */
export function controlsOf(args: readonly string[], read: (name: string) => string): ControlsJson {
  const set: [string, string][] = []
  const columns: [string, readonly string[]][] = []
  const start = new Map<string, unknown>()
  let rest: Omit<ControlsJson, 'set' | 'columns' | 'start'> = {}
  for (let i = 0; i < args.length; i += 2) {
    const [option, value = ''] = [args[i], args[i + 1]]
    const at = value.indexOf('=')
    const [name, text] = [value.slice(0, at), value.slice(at + 1)]
    switch (option) {
      case '--set':
        set.push([name, text])
        break
      case '--columns':
        columns.push([name, text.split(',')])
        break
      case '--start':
        start.set(name, JSON.parse(text))
        break
      case '--init': {
        if (['auto', 'kmeans++', 'random'].includes(value)) rest = { ...rest, init: value }
        else {
          const file = JSON.parse(read(value)) as { readonly params?: object }
          for (const [param, values] of Object.entries(file.params ?? file)) start.set(param, values)
        }
        break
      }
      case '--mode':
        rest = { ...rest, mode: value }
        break
      case '--restarts':
        rest = { ...rest, restarts: Number(value) }
        break
      case '--tol':
        rest = { ...rest, tolerance: Number(value) }
        break
      case '--accelerate':
        rest = { ...rest, accelerate: value }
        break
      case '--weights':
        rest = { ...rest, weights: value }
        break
      case '--max-iter':
        rest = { ...rest, maxIterations: Number(value) }
        break
      case '--group-by':
        rest = { ...rest, groupBy: value }
        break
      default:
        throw new Error(`the gallery does not know the option ${option}`)
    }
  }
  // a given start runs alone, as with `estep fit`
  if (start.size > 0 && rest.restarts === undefined) rest = { ...rest, restarts: 1 }
  return { ...rest, set, columns, start: [...start] }
}

/** What the page opens with. */
export function readOpening(folder: URL): Opening {
  const read = (name: string): string => readFileSync(new URL(`old-faithful/${name}`, folder), 'utf8')
  const text = read('faithful.csv')
  const [header = '', ...lines] = text.trim().split('\n')
  return {
    example: 'old-faithful',
    source: read('full.estep'),
    file: { name: 'faithful.csv', text },
    columns: header.split(','),
    rows: lines.map((line) => line.split(',').map(Number)),
  }
}
