/** Steps as one HTML file that needs nothing else: formulas are laid out here, so that no script runs in the page. */
import katex from 'katex'
import { originOf } from '../origin-of.js'
import type { Block, DerivationStep, Inline, Line, Origin } from '../types.js'
import { displayed } from './displayed.js'

/** Characters of a formula that fit on a line of the page. */
const WIDTH = 80

export interface HtmlOptions {
  /** Style sheet of KaTeX with its fonts inside. Without it formulas are MathML alone, which browsers lay out themselves. */
  readonly katexStyles?: string
  /** Source text of the model, for the lines that statements stand on. */
  readonly source: string
}

/** The steps alone, for a page of one's own; `level` is that of their headings. */
export function stepsToSections(steps: readonly DerivationStep[], options: HtmlOptions, level: number): string {
  const writer = new Writer(options, level)
  return steps.map((s, i) => writer.section(s, i)).join('\n')
}

export function stepsToHtml(title: string, steps: readonly DerivationStep[], options: HtmlOptions): string {
  const writer = new Writer(options)
  const contents = steps.map((s, i) => `<li><a href="#${anchor(i)}">${writer.inlines(s.title)}</a></li>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLES}${options.katexStyles ?? ''}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<nav aria-label="Contents"><ol>
${contents}
</ol></nav>
${steps.map((s, i) => writer.section(s, i)).join('\n')}
</main>
</body>
</html>
`
}

const anchor = (i: number): string => `step-${i + 1}`

class Writer {
  constructor(
    private readonly options: HtmlOptions,
    private readonly level = 2,
  ) {}

  section(s: DerivationStep, i: number): string {
    return [
      `<section id="${anchor(i)}">`,
      `<h${this.level}>${i + 1}. ${this.inlines(s.title)}</h${this.level}>`,
      ...s.content.map((b) => this.block(b, s)),
      `<p class="origin"><span class="rule">${escaped(s.origin.rule)}</span> ${escaped(s.origin.citation)}</p>`,
      '</section>',
    ].join('\n')
  }

  private block(b: Block, s: DerivationStep): string {
    switch (b.kind) {
      case 'prose':
        return `<p>${this.inlines(b.parts)}</p>`
      case 'formula':
        return this.formulas(b.lines, s)
      case 'list':
        return `<ul>${b.items.map((i) => `<li>${this.inlines(i)}</li>`).join('')}</ul>`
      case 'source':
        return `<pre><code>${escaped(b.text)}</code></pre>`
      case 'algorithm':
        return `<div class="algorithm">${b.lines
          .map(({ indent, parts }) => `<div style="margin-left:${1.5 * indent}em">${this.inlines(parts)}</div>`)
          .join('')}</div>`
    }
  }

  /** Lines of one origin together, with the statements that they come from. */
  private formulas(lines: readonly Line[], s: DerivationStep): string {
    const from = lines.map((l) => this.originWords(originOf(s, l)))
    const notes = [...new Set(from)].join('; ')
    return `<div class="formula" title="${escaped(notes)}" tabindex="0">${this.tex(displayed(lines, WIDTH), true)}</div>`
  }

  private originWords({ rule, span, spans = span === null ? [] : [span] }: Origin): string {
    const lines = [...new Set(spans.map((s) => this.options.source.slice(0, s.start).split('\n').length))]
    if (lines.length === 0) return rule
    return `${rule}, line${lines.length > 1 ? 's' : ''} ${lines.join(', ')} of the model`
  }

  inlines(parts: Inline): string {
    return parts.map((p) => (typeof p === 'string' ? words(p) : this.tex(p.latex, false))).join('')
  }

  private tex(latex: string, displayMode: boolean): string {
    const output = this.options.katexStyles === undefined ? 'mathml' : 'htmlAndMathml'
    return katex.renderToString(latex, { displayMode, output, throwOnError: true, strict: 'error', trust: false })
  }
}

/** Prose, with `code` between backticks. */
const words = (text: string): string =>
  text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `<code>${escaped(part)}</code>` : escaped(part)))
    .join('')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLES = `
:root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--soft:#5c5f66;--line:#d9dbe0;--tint:#f4f5f8}
@media(prefers-color-scheme:dark){:root{--ink:#e7e8ea;--paper:#17181b;--soft:#a3a7ae;--line:#3a3d43;--tint:#212327}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.6 Georgia,"Times New Roman",serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
nav{font-size:.95rem}nav ol{padding-left:1.4rem}
a{color:inherit}
pre,.algorithm{background:var(--tint);padding:.6rem .9rem;border-radius:4px;overflow-x:auto}
code{font:.9em ui-monospace,Menlo,Consolas,monospace}
.formula{overflow-x:auto;overflow-y:hidden;padding:.1rem 0}
.origin{font-size:.85rem;color:var(--soft);font-style:italic}
.rule{font:normal .95em ui-monospace,Menlo,Consolas,monospace;margin-right:.5em}
@media print{nav{display:none}section{break-inside:auto}h2{break-after:avoid}.formula{overflow:visible}}
`
