/** Signs of other languages, of word processors and of mathematics, with the sign that is meant here. */

import type { TokenType } from 'chevrotain'
import {
  And,
  Assign,
  Caret,
  DotDot,
  GreaterEqual,
  In,
  LessEqual,
  Minus,
  Not,
  NotEqual,
  Or,
  Star,
  Tilde,
} from './tokens.js'

export interface Lookalike {
  readonly text: string
  readonly meant: string
  readonly type: TokenType
}

/** Longer ones first. */
export const lookalikes: readonly Lookalike[] = [
  { text: '&&', meant: 'and', type: And },
  { text: '||', meant: 'or', type: Or },
  { text: '**', meant: '^', type: Caret },
  { text: ':=', meant: '=', type: Assign },
  { text: '&', meant: 'and', type: And },
  { text: '|', meant: 'or', type: Or },
  { text: '!', meant: 'not', type: Not },
  { text: '–', meant: '-', type: Minus },
  { text: '—', meant: '-', type: Minus },
  { text: '−', meant: '-', type: Minus },
  { text: '‐', meant: '-', type: Minus },
  { text: '‑', meant: '-', type: Minus },
  { text: '×', meant: '*', type: Star },
  { text: '·', meant: '*', type: Star },
  { text: '⋅', meant: '*', type: Star },
  { text: '∗', meant: '*', type: Star },
  { text: '≤', meant: '<=', type: LessEqual },
  { text: '≥', meant: '>=', type: GreaterEqual },
  { text: '≠', meant: '!=', type: NotEqual },
  { text: '∼', meant: '~', type: Tilde },
  { text: '～', meant: '~', type: Tilde },
  { text: '˜', meant: '~', type: Tilde },
  { text: '…', meant: '..', type: DotDot },
  { text: '∈', meant: 'in', type: In },
]

const doubleQuotes = '“”„‟«»″'
const singleQuotes = "‘’‚‛'`´"

/** A quotation mark other than `"`. */
export function isForeignQuote(character: string): boolean {
  return doubleQuotes.includes(character) || singleQuotes.includes(character)
}

/** White space or a control character that cannot be seen in an editor. */
export function isInvisible(character: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Z}]/u.test(character)
}

/** `U+200B` and the like. */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
