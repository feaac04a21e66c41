import { describe, expect, it } from 'vitest'
import { type Project, plainControls } from '../../playground/session/project.js'
import { MOST_PACKED, packProject, unpackProject } from '../../playground/session/share-link.js'

const project: Project = {
  example: 'galaxies',
  source: 'model M\nparam mu : real\n',
  files: [
    { kind: 'text', name: 'y.csv', text: 'y\n1\n2\n', image: { width: 1, height: 2 } },
    { kind: 'example', example: 'galaxies', name: 'galaxies.csv' },
  ],
  controls: {
    ...plainControls,
    mode: 'hard',
    seed: 7,
    set: new Map([['__proto__', '3']]),
    columns: new Map([['constructor', ['a', 'b']]]),
    groupBy: 'toString',
    start: new Map<string, unknown>([['mu', [[1, 2]]]]),
  },
  iteration: 12,
  area: 'derivation',
}

async function fragmentOf(document: unknown): Promise<string> {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `p1.${Buffer.from(await new Response(stream).arrayBuffer()).toString('base64url')}`
}

describe('a share link', () => {
  it('brings back what went in, names of every kind', async () => {
    const packed = await packProject(project)
    if (packed.kind !== 'packed') throw new Error(packed.message)
    expect(packed.fragment).toMatch(/^p1\.[A-Za-z0-9_-]+$/)
    expect(await unpackProject(packed.fragment)).toEqual({ kind: 'project', project })
  })

  it('leaves out files that are not kept, and is refused where it would be too long', async () => {
    const local = await packProject({ ...project, files: [{ kind: 'local', name: 'big.csv', bytes: 1e8 }] })
    if (local.kind !== 'packed') throw new Error(local.message)
    const back = await unpackProject(local.fragment)
    expect(back.kind === 'project' && back.project.files).toEqual([])
    const noise = Array.from({ length: 60_000 }, (_, i) => String(Math.sin(i))).join('\n')
    const large = await packProject({ ...project, files: [{ kind: 'text', name: 'n.csv', text: noise }] })
    expect(large.kind).toBe('too-large')
  })

  it('is none where the address has another fragment', async () => {
    expect(await unpackProject('')).toEqual({ kind: 'none' })
    expect(await unpackProject('see')).toEqual({ kind: 'none' })
  })

  it.each([
    ['a damaged one', async () => 'p1.AAAA', 'damaged'],
    ['one with other letters', async () => 'p1.<script>', 'damaged'],
    ['one that is too long', async () => `p1.${'A'.repeat(MOST_PACKED)}`, 'longer than 64 KiB'],
    ['one of a newer page', async () => 'p7.AAAA', 'newer version'],
    [
      'a deflate bomb',
      () => fragmentOf(`{"estep":1,"source":"${' '.repeat(30_000_000)}"}`),
      'unpacks to more than 1 MiB',
    ],
    ['a document of another kind', () => fragmentOf({ hello: 1 }), 'not made by the playground'],
    ['a list', () => fragmentOf([]), 'is not an object'],
    [
      'a model that is no text',
      () => fragmentOf({ estep: 1, source: { length: 3 }, files: [] }),
      'the model is not a text',
    ],
    [
      'files that are no files',
      () => fragmentOf({ estep: 1, source: '', files: [{ kind: 'text', name: 3 }] }),
      'the name of a file is not a text',
    ],
    [
      'a million starts',
      () => fragmentOf({ estep: 1, source: '', files: [], controls: { restarts: 1e6 } }),
      'the number of starts',
    ],
    ['an unknown area', () => fragmentOf({ estep: 1, source: '', files: [], area: 'x' }), 'the area is none of'],
  ])('refuses %s in a sentence', async (_, make, words) => {
    const read = await unpackProject(await make())
    expect(read.kind).toBe('refused')
    expect(read.kind === 'refused' && read.message).toContain(words)
    expect(read.kind === 'refused' && read.message).toMatch(/^This link cannot be opened: .*\.$/)
  })
})
