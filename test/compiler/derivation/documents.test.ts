/** What every document holds, whatever the model: lines with their origins, TeX that is legal, pages that need nothing else. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import katex from 'katex'
import { describe, expect, it } from 'vitest'
import { katexStyles } from '../../../cli/katex-styles.js'
import { type DerivationDocument, derivationDocument } from '../../../compiler/derivation/index.js'
import type { Block, Inline } from '../../../compiler/derivation/types.js'
import { derivationRules } from '../../../compiler/rules/index.js'
import { deriveExample, deriveModel, deriveText } from '../../support/derive.js'

const root = new URL('../../../', import.meta.url)
const examples = readdirSync(new URL('examples/', root)).flatMap((folder) =>
  readdirSync(new URL(`examples/${folder}/`, root))
    .filter((f) => f.endsWith('.estep'))
    .map((f) => `${folder}/${f.replace('.estep', '')}`),
)
const LATENT_STRUCTURES = [
  'factor-analysis',
  'mixture-of-factors',
  'matrix-factorisation',
  'product-of-chains',
  'chain-poisson',
  'chain-order-2',
  'vector-chain',
  'crossed-intercepts',
  'gamma-classes',
  'censored-normal',
  'switching-level',
  'spike-in-branch',
  'joined-three',
  'nested-classes',
  'chain-mixture-emissions',
  'chain-branches',
]

const documents: readonly (readonly [string, () => DerivationDocument])[] = [
  ...examples.map((name) => [name, () => derivationDocument(deriveExample(name))] as const),
  ...LATENT_STRUCTURES.map((name) => [name, () => derivationDocument(deriveModel(`certify/models/${name}`))] as const),
  ['chain-poisson, hard', () => derivationDocument(deriveModel('certify/models/chain-poisson', { product: 'max' }))],
  ['joined-three, hard', () => derivationDocument(deriveModel('certify/models/joined-three', { product: 'max' }))],
  ['old-faithful/full, hard', () => derivationDocument(deriveExample('old-faithful/full', { product: 'max' }))],
]

const rules = new Map(derivationRules.map((r) => [r.id, r]))

const formulasIn = (parts: Inline): readonly string[] => parts.flatMap((p) => (typeof p === 'string' ? [] : [p.latex]))

const texOf = (b: Block): readonly string[] => {
  switch (b.kind) {
    case 'prose':
      return formulasIn(b.parts)
    case 'formula':
      return b.lines.map((l) => l.latex)
    case 'list':
      return b.items.flatMap(formulasIn)
    case 'algorithm':
      return b.lines.flatMap((l) => formulasIn(l.parts))
    case 'source':
      return []
  }
}

/** Every piece of TeX of a document. */
const allTex = (document: DerivationDocument): readonly string[] =>
  document.steps.flatMap((s) => [...formulasIn(s.title), ...s.content.flatMap(texOf)])

describe('a posterior', () => {
  it.each([
    ['old-faithful/full', 2],
    ['dawid-skene/model', 2],
    ['latent-dirichlet/model', 2],
  ])('of %s names the statements that it is made of', (name, statements) => {
    const { steps, lines } = derivationDocument(deriveExample(name))
    for (const { id } of steps.filter((s) => s.kind === 'e-step')) {
      const own = lines.filter((l) => l.step === id)
      expect(Math.max(...own.map((l) => l.sources.length)), id).toBe(statements)
    }
  })
})

describe.each(documents)('the document of %s', (_, make) => {
  const document = make()

  it('says of every line which rule it rests on, by whom, and which statement it comes from', () => {
    expect(document.lines.length).toBeGreaterThan(3)
    for (const line of document.lines) {
      expect(rules.has(line.rule), `${line.rule} of ${line.text}`).toBe(true)
      expect(line.citation).not.toBe('')
      if (['model', 'likelihood'].includes(line.step)) expect(line.source, line.text).not.toBeNull()
    }
    expect(document.lines.some((l) => l.source !== null && l.source.line > 1)).toBe(true)
  })

  it('is TeX that KaTeX takes, without a letter that LaTeX lacks', () => {
    for (const tex of allTex(document))
      expect(() => katex.renderToString(tex, { strict: 'error', throwOnError: true }), tex).not.toThrow()
    expect(document.toLatex().match(/[^\x20-\x7e\n’‘“”–—éö]/gu)).toBeNull()
  })

  it('is one page of HTML without scripts and without other files', () => {
    const html = document.toHtml()
    expect(html).not.toMatch(/<script|<link|<img|javascript:|url\((?!data:)/)
    expect(html).not.toContain('class="katex-html"')
    for (const s of document.steps) if (s.content.some((b) => b.kind === 'formula')) expect(html).toContain('<math')
  })
})

describe('pages', () => {
  const document = derivationDocument(deriveExample('old-faithful/full'))

  it('have the fonts of formulas inside where the styles of KaTeX are given', () => {
    const html = document.toHtml({ katexStyles: katexStyles() })
    expect(html).toContain('class="katex-html"')
    expect(html).toContain('data:font/woff2;base64,')
    expect(html.match(/url\((?!data:)/)).toBeNull()
  })

  it('show what a model is called and says as text, never as markup', () => {
    const text = `model M
data  g : category[N]
data  x : real[N]
param mu : real
param nu : real
for n in 1..N {
  if g[n] == "<script>alert(1)</script>" { x[n] ~ Normal(mu, 1) } else { x[n] ~ Normal(nu, 1) }
}
`
    const html = derivationDocument(deriveText(text)).toHtml()
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toContain('<script')
  })

  it('of hard mode differ from those of EM in the steps that are marked, and in what these give', () => {
    const hard = derivationDocument(deriveExample('old-faithful/full', { product: 'max' }))
    const titles = (d: DerivationDocument): readonly string[] =>
      d.steps.map((s) => s.title.map((p) => (typeof p === 'string' ? p : p.text)).join(''))
    const marked = titles(hard).filter((t) => t.endsWith('(hard mode)'))
    expect(marked).toEqual([
      'Why EM (hard mode)',
      'E-step: the most probable z (hard mode)',
      'The function Q (hard mode)',
      'The algorithm (hard mode)',
    ])
    const same = hard.steps.filter((s) => ['notation', 'model', 'likelihood', 'marginal', 'lifting'].includes(s.id))
    expect(same).toEqual(document.steps.filter((s) => same.some((x) => x.id === s.id)))
  })
})

/** null where it is not installed. */
function pdflatex(): string | null {
  try {
    return execFileSync('pdflatex', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return null
  }
}

describe('LaTeX', () => {
  const version = pdflatex()
  const typeset = (tex: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'estep-latex-'))
    writeFileSync(join(folder, 'page.tex'), tex)
    execFileSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'page.tex'], {
      cwd: folder,
      stdio: 'ignore',
    })
    return readFileSync(join(folder, 'page.log'), 'latin1')
  }
  const PAGES = [
    'old-faithful/full',
    'old-faithful/diagonal',
    'old-faithful/spherical',
    'survey/categories',
    'map-mixture/model',
    'factor-analysis/factors',
    'earthquake-chain/model',
    'ppca-holes/model',
    'patents/experts',
    'grades/hidden',
    'grades-second/hidden',
    'face-pose/model',
  ]

  it.skipIf(version === null)('compiles without a warning, alone and as a fragment', { timeout: 120_000 }, () => {
    const derived = [...PAGES.map((p) => deriveExample(p)), deriveModel('certify/models/joined-three')]
    for (const document of derived.map((d) => derivationDocument(d))) {
      const fragment = `\\documentclass{article}\\usepackage{amsmath,amssymb,graphicx}\\begin{document}\n${document.toLatex({ fragment: true })}\\end{document}`
      for (const tex of [document.toLatex(), fragment]) {
        const log = typeset(tex)
        expect(log.match(/^(?:!|.*(?:Warning|Overfull)).*$/gm)?.filter((l) => !/Font Warning/.test(l)) ?? []).toEqual(
          [],
        )
      }
    }
  })
  if (version === null)
    console.log('LaTeX is not compiled here: pdflatex is not installed (Debian: texlive-latex-recommended)')
})
