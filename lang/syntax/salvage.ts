/** What a statement with a syntax error still declares, so that its names are not reported as unknown everywhere else. */
import type { IToken } from 'chevrotain'
import type { DeclaredName, Expression, Statement } from '../ast/types.js'
import { spanOf } from './lexer.js'
import * as t from './tokens.js'

/** The declaration that a broken segment was to be, with holes; nothing for other statements. */
export function salvage(segment: readonly IToken[]): readonly Statement[] {
  const [word, second] = segment
  const last = segment.at(-1)
  if (word === undefined || second === undefined || last === undefined) return []
  const span = { start: word.startOffset, end: spanOf(last).end }
  if (word.tokenType === t.Const || word.tokenType === t.Let) {
    if (second.tokenType !== t.Identifier) return []
    const value: Expression = { kind: 'missing', span: { start: span.end, end: span.end } }
    const name = { name: second.image, span: spanOf(second) }
    return [{ kind: word.tokenType === t.Const ? 'const' : 'let', span, name, value }]
  }
  const role = word.tokenType === t.Data ? 'data' : word.tokenType === t.Param ? 'param' : 'latent'
  if (role === 'latent' && word.tokenType !== t.Latent) return []
  const names: DeclaredName[] = []
  for (let i = 1; i < segment.length; i += 2) {
    const token = segment[i]
    if (token?.tokenType !== t.Identifier) break
    names.push({ name: { name: token.image, span: spanOf(token) }, indices: [] })
    if (segment[i + 1]?.tokenType !== t.Comma) break
  }
  return names.length === 0 ? [] : [{ kind: 'declaration', span, role, names, type: null, distribution: null }]
}
