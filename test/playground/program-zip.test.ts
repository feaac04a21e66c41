import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleRuntime } from '../../api/emit/bundle-runtime.mjs'
import { compileOrThrow } from '../../index.js'
import { programZip } from '../../playground/session/program-zip.js'
import { plainControls, type RunControls } from '../../playground/session/project.js'

beforeAll(async () => {
  await bundleRuntime()
}, 60_000)

const source = `model Two
const K = 2
data  x : real[N]
param pi    : simplex[K]
param mu    : real[K]
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma)
}
`
const x = Array.from({ length: 60 }, (_, i) => (i % 3) * 4 + Math.sin(i))
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const readmeOf = (controls: Partial<RunControls>, name = 'x.csv'): string => {
  const parts = programZip('', source, [{ name, content: bytes('') }], { ...plainControls, ...controls })
  return String(parts.find((p) => p.name === 'README.txt')?.content)
}

describe('the zip of a program', () => {
  it('gives the numbers of the page by what its readme says, in a shell', { timeout: 60_000 }, async () => {
    const model = compileOrThrow(source)
    const text = ['length in cm,other', ...x.map((v) => `${v},7`)].join('\n')
    const controls: RunControls = {
      ...plainControls,
      mode: 'hard',
      seed: 4,
      restarts: 3,
      set: new Map([['K', '3']]),
      columns: new Map([['x', ['length in cm']]]),
    }
    const parts = programZip(
      await model.emit('js'),
      source,
      [{ name: "the student's.csv", content: bytes(text) }],
      controls,
    )
    const folder = mkdtempSync(join(tmpdir(), 'estep-zip-'))
    try {
      for (const { name, content } of parts) writeFileSync(join(folder, name), content)
      const command = /^ {2}(node .*)$/m.exec(readFileSync(join(folder, 'README.txt'), 'utf8'))?.[1] ?? ''
      const out = execFileSync('sh', ['-c', `${command} --json`], { cwd: folder, encoding: 'utf8' })
      const reference = await model.fit({ x }, { mode: 'hard', seed: 4, restarts: 3, set: { K: 3 } })
      expect((JSON.parse(out) as { readonly logLikelihood: number }).logLikelihood).toBeCloseTo(
        reference.logLikelihood,
        8,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('holds names without folders, and none of them twice', () => {
    const names = ['../../.bashrc', 'a\\b.csv', 'fit.mjs', '..', ''].map((name) => ({ name, content: bytes('') }))
    const parts = programZip('', source, names, plainControls).map((p) => p.name)
    expect(parts).toEqual([
      'fit.mjs',
      'model.estep',
      'README.txt',
      '.bashrc',
      'b.csv',
      'data-3-fit.mjs',
      'data-4-..',
      'data-5-',
    ])
    for (const name of parts) expect(name).not.toMatch(/[/\\]/)
  })

  it('says what of the controls the program does not do', () => {
    expect(readmeOf({})).not.toContain('has no')
    expect(readmeOf({ mode: 'sem', fix: new Map([['sigma', 1]]) })).toContain('no mode sem and no params that are held')
    expect(readmeOf({ start: new Map([['mu', [1, 2]]]) })).toContain("--start 'mu=[1,2]' --seed 1\n")
  })
})
