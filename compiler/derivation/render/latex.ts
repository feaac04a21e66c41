/** Steps as LaTeX: a document that compiles alone, or a fragment for one. */
import { GREEK } from '../../algebra/greek.js'
import type { Block, DerivationStep, Inline, Line } from '../types.js'
import { displayed } from './displayed.js'

/** Characters of a formula that fit on a line of the page. */
const WIDTH = 74

/** What a fragment needs of the document that it stands in. */
const NEEDS = '% needs \\usepackage{amsmath,amssymb,graphicx}'

/** A formula that is wider than the line is made smaller. */
const FIT = `\\providecommand{\\estepfit}[1]{\\sbox0{$\\displaystyle #1$}\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi}`

export function stepsToLatex(title: string, steps: readonly DerivationStep[]): string {
  return [
    '\\documentclass[11pt,a4paper]{article}',
    '\\usepackage[T1]{fontenc}',
    '\\usepackage{lmodern}',
    '\\usepackage[margin=25mm]{geometry}',
    '\\usepackage{amsmath,amssymb,graphicx}',
    '\\setlength{\\parindent}{0pt}',
    '\\setlength{\\parskip}{6pt plus 2pt minus 1pt}',
    `\\title{${words(title)}}`,
    '\\author{}',
    '\\date{}',
    '\\begin{document}',
    '\\maketitle',
    '',
    stepsToLatexFragment(steps),
    '\\end{document}',
    '',
  ].join('\n')
}

/** The sections alone. */
export function stepsToLatexFragment(steps: readonly DerivationStep[]): string {
  return [NEEDS, FIT, '\\emergencystretch=3em', '', ...steps.map(section)].join('\n')
}

function section(s: DerivationStep): string {
  const { rule, citation } = s.origin
  return [
    `\\section{${inlines(s.title)}}`,
    `% rule: ${rule}`,
    ...s.content.map(latexBlock),
    `{\\small\\itshape ${words(citation)}.\\par}`,
    '',
  ].join('\n')
}

function latexBlock(b: Block): string {
  switch (b.kind) {
    case 'prose':
      return `${inlines(b.parts)}\n`
    case 'formula':
      return display(b.lines)
    case 'list':
      return [
        '\\begin{itemize}\\raggedright',
        ...b.items.map((i) => `\\item ${inlines(i)}`),
        '\\end{itemize}',
        '',
      ].join('\n')
    case 'source':
      return `\\begin{quote}\\raggedright\\ttfamily ${code(b.text)}\\end{quote}\n`
    case 'algorithm':
      return [
        '\\begin{quote}',
        ...b.lines.map(({ indent, parts }) => {
          const [only] = parts
          const body =
            parts.length === 1 && only !== undefined && typeof only !== 'string'
              ? `\\estepfit{${displayed([only], WIDTH - 8 - 3 * indent)}}`
              : inlines(parts)
          return `\\hangindent=${2 + 2 * indent}em\\hspace*{${2 * indent}em}\\begin{minipage}[t]{\\dimexpr\\linewidth-${2 * indent}em}\\raggedright ${body}\\end{minipage}\\par`
        }),
        '\\end{quote}',
        '',
      ].join('\n')
  }
}

const display = (lines: readonly Line[]): string => `\\[\n\\estepfit{${displayed(lines, WIDTH)}}\n\\]\n`

const inlines = (parts: Inline): string =>
  parts.map((p) => (typeof p === 'string' ? words(p) : `$${p.latex}$`)).join('')

/** Prose: \`code\` between backticks, signs and Greek letters as mathematics. */
export function words(text: string): string {
  return text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `\\texttt{${code(part)}}` : escaped(part)))
    .join('')
}

/** Text of a model, in the typewriter face. */
function code(text: string): string {
  return escaped(text).replaceAll('--', '-{}-').replaceAll("'", '\\textquotesingle{}')
}

function escaped(text: string): string {
  return [...text].map((ch) => SPECIAL.get(ch) ?? greek(ch) ?? small(ch) ?? ch).join('')
}

const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['\\', '\\textbackslash{}'],
  ['{', '\\{'],
  ['}', '\\}'],
  ['$', '\\$'],
  ['&', '\\&'],
  ['#', '\\#'],
  ['%', '\\%'],
  ['_', '\\_'],
  ['^', '\\textasciicircum{}'],
  ['~', '\\textasciitilde{}'],
  ['<', '\\textless{}'],
  ['>', '\\textgreater{}'],
  ['"', '\\textquotedbl{}'],
  ['−', '$-$'],
  ['·', '$\\cdot$'],
  ['×', '$\\times$'],
  ['≤', '$\\leq$'],
  ['≥', '$\\geq$'],
  ['≠', '$\\neq$'],
  ['≈', '$\\approx$'],
  ['∈', '$\\in$'],
  ['∝', '$\\propto$'],
  ['∞', '$\\infty$'],
  ['∂', '$\\partial$'],
  ['∑', '$\\sum$'],
  ['∏', '$\\prod$'],
  ['∫', '$\\int$'],
  ['√', '$\\surd$'],
  ['‖', '$\\|$'],
  ['…', '\\ldots{}'],
  ['½', '$\\frac12$'],
  ['ℓ', '$\\ell$'],
  ['ᵀ', '$^\\top$'],
  ['⁻', '$^-$'],
  ['¹', '$^1$'],
  ['²', '$^2$'],
  ['³', '$^3$'],
  ['û', '$\\hat u$'],
  ['→', '$\\to$'],
  ['′', "$'$"],
])

/** Greek letters, which text fonts of LaTeX lack. */
function greek(ch: string): string | undefined {
  const name = NAMES.get(ch)
  return name === undefined ? undefined : `$\\${name}$`
}

/** ⅙ and ₁. */
function small(ch: string): string | undefined {
  const plain = ch.normalize('NFKD')
  if (ch !== plain && /^\d$/.test(plain)) return `$_${plain}$`
  const [, top, bottom] = /^(\d+)⁄(\d+)$/.exec(plain) ?? []
  return top === undefined ? undefined : `$\\frac{${top}}{${bottom}}$`
}

const NAMES: ReadonlyMap<string, string> = new Map([...GREEK].map(([name, letter]) => [letter, name]))
