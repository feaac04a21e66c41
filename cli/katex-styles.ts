/** KaTeX's style sheet with the fonts that formulas of derivations use inside, so that a page needs no other file. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Faces that `\mathcal` and its like would need are left out. */
const FONTS: ReadonlySet<string> = new Set([
  'KaTeX_AMS-Regular',
  'KaTeX_Main-Bold',
  'KaTeX_Main-Italic',
  'KaTeX_Main-Regular',
  'KaTeX_Math-Italic',
  'KaTeX_Size1-Regular',
  'KaTeX_Size2-Regular',
  'KaTeX_Size3-Regular',
  'KaTeX_Size4-Regular',
])

export function katexStyles(): string {
  const path = createRequire(import.meta.url).resolve('katex/dist/katex.min.css')
  return readFileSync(path, 'utf8').replaceAll(/@font-face\{[^}]*\}/g, (face) => {
    const font = /fonts\/([\w-]+)\.woff2/.exec(face)?.[1]
    if (font === undefined || !FONTS.has(font)) return ''
    const data = readFileSync(join(dirname(path), 'fonts', `${font}.woff2`)).toString('base64')
    return face.replace(/src:[^}]*/, `src:url(data:font/woff2;base64,${data}) format("woff2")`)
  })
}
