/** Where in a statement a place is, from the tokens before it: half-typed text has no syntax tree there. */
import type { Span } from '../source.js'
import type { Analysis, Token } from './analyse.js'

/** A call that is open at a place: `Normal(mu, |`. */
export interface OpenCall {
  readonly name: string
  readonly nameSpan: Span
  /** Arguments before the one at hand. */
  readonly place: number
  /** The name of the argument at hand where it is written: `sd=|`. */
  readonly argument: string | null
  /** The place is between its own parentheses and commas, not in a bracket within them. */
  readonly direct: boolean
  /** Names of all arguments of the call that are written with one. */
  readonly named: readonly string[]
}

export type Place =
  | { readonly kind: 'nothing' }
  /** At the beginning of a statement. */
  | { readonly kind: 'statement' }
  | { readonly kind: 'type' }
  | { readonly kind: 'distribution' }
  /** After the range of a loop, or the index of one. */
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'expression'; readonly domain: boolean }

export interface Cursor {
  readonly place: Place
  /** The innermost open call. */
  readonly call: OpenCall | null
  /** The name that is being typed, which a completion replaces. */
  readonly prefix: string
  readonly replace: Span
}

export function cursorAt(a: Analysis, offset: number): Cursor {
  const typed = a.tokens.find(
    (t) => (t.kind === 'name' || t.kind === 'word') && t.span.start < offset && offset <= t.span.end,
  )
  const start = typed?.span.start ?? offset
  const replace = { start, end: typed?.span.end ?? offset }
  const prefix = a.source.text.slice(start, offset)
  const before = a.tokens.filter((t) => t.span.end <= start && t !== typed)
  const inText =
    a.comments.some((c) => c.span.start < offset && offset <= c.span.end) ||
    a.tokens.some((t) => (t.kind === 'string' || t.kind === 'number') && t.span.start < offset && offset <= t.span.end)
  const statement = statementOf(before)
  const call = openCall(
    statement,
    a.tokens.filter((t) => t.span.start >= offset),
  )
  return { place: inText ? { kind: 'nothing' } : placeIn(statement, a), call, prefix, replace }
}

const openers = new Set(['(', '['])
const closers = new Set([')', ']'])
/** A line that ends in one of these goes on. */
const goesOn = new Set(['+', '-', '*', '/', '^', ',', '=', '~', ':', '..', '(', '[', 'and', 'or', 'not', 'in'])

/** The tokens of the statement that the last of them belongs to. */
function statementOf(before: readonly Token[]): readonly Token[] {
  let depth = 0
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const t = before[i]
    if (t === undefined) break
    if (closers.has(t.text)) depth += 1
    if (openers.has(t.text)) depth -= 1
    const ends =
      t.text === ';' ||
      t.text === '{' ||
      t.text === '}' ||
      (t.kind === 'newline' && depth <= 0 && !goesOn.has(lastSign(before, i)) && !openAbove(before, i))
    if (ends) return before.slice(i + 1).filter((x) => x.kind !== 'newline')
  }
  return before.filter((x) => x.kind !== 'newline')
}

function lastSign(tokens: readonly Token[], end: number): string {
  for (let i = end - 1; i >= 0; i -= 1) {
    const t = tokens[i]
    if (t !== undefined && t.kind !== 'newline') return t.text
  }
  return ''
}

const begins = new Set(['model', 'const', 'data', 'param', 'latent', 'let', 'observe', 'fn', 'for', 'if'])

/** Whether a bracket is open at a newline: looked for back to the word that begins a statement. */
function openAbove(tokens: readonly Token[], end: number): boolean {
  let depth = 0
  for (let i = end - 1; i >= 0; i -= 1) {
    const t = tokens[i]
    if (t === undefined) return false
    if (closers.has(t.text)) depth += 1
    if (openers.has(t.text)) {
      if (depth === 0) return true
      depth -= 1
    }
    if (t.text === '{' || t.text === '}' || t.text === ';' || (t.kind === 'word' && begins.has(t.text))) return false
  }
  return false
}

function openCall(statement: readonly Token[], after: readonly Token[]): OpenCall | null {
  let depth = 0
  let place = 0
  let argument: string | null = null
  let direct = true
  const named: string[] = []
  for (let i = statement.length - 1; i >= 0; i -= 1) {
    const t = statement[i]
    if (t === undefined) break
    if (closers.has(t.text)) depth += 1
    else if (openers.has(t.text)) {
      if (depth > 0) depth -= 1
      else {
        const callee = statement[i - 1]
        if (t.text === '(' && callee?.kind === 'name')
          return {
            name: callee.text,
            nameSpan: callee.span,
            place,
            argument,
            direct,
            named: [...named, ...namedAfter(after)],
          }
        // within a vector or a subscript: its commas are no arguments of the call
        direct = false
        place = 0
        argument = null
        named.length = 0
      }
    } else if (depth === 0 && t.text === ',') place += 1
    else if (depth === 0 && t.text === '=') {
      const name = statement[i - 1]
      if (name?.kind !== 'name') continue
      named.push(name.text)
      if (place === 0) argument = name.text
    }
  }
  return null
}

/** Arguments by name that stand after the place, up to the end of the call. */
function namedAfter(after: readonly Token[]): readonly string[] {
  let depth = 0
  const names: string[] = []
  for (const [i, t] of after.entries()) {
    if (openers.has(t.text)) depth += 1
    if (closers.has(t.text)) {
      if (depth === 0) break
      depth -= 1
    }
    if (t.kind === 'newline' || t.text === '{' || t.text === '}') break
    const name = after[i - 1]
    if (depth === 0 && t.text === '=' && name?.kind === 'name') names.push(name.text)
  }
  return names
}

function placeIn(statement: readonly Token[], a: Analysis): Place {
  const [first] = statement
  const last = statement.at(-1)
  if (first === undefined || last === undefined) return { kind: 'statement' }
  if (last.text === 'else') return { kind: 'word', words: ['if'] }
  const declares =
    first.kind === 'word' && ['model', 'const', 'data', 'param', 'latent', 'let', 'fn'].includes(first.text)
  if (
    declares &&
    (statement.length === 1 || (last.text === ',' && !statement.some((t) => t.text === ':' || t.text === '=')))
  )
    return { kind: 'nothing' }
  const open = statement.filter((t) => openers.has(t.text)).length > statement.filter((t) => closers.has(t.text)).length
  const colon = statement.some((t) => t.text === ':')
  const tilde = statement.some((t) => t.text === '~')
  if (last.text === ':' && !open && declares) return { kind: 'type' }
  if (last.text === '~') return { kind: 'distribution' }
  if (first.text === 'for' && first.kind === 'word') {
    if (statement.length === 1) return { kind: 'nothing' }
    if (statement.length === 2) return { kind: 'word', words: ['in'] }
    const range = statement.some((t) => t.text === 'in') && !open && endsOperand(last)
    if (range) return { kind: 'word', words: ['weight'] }
    return { kind: 'expression', domain: last.text === 'in' }
  }
  if (declares && colon && !tilde && !open && endsOperand(last))
    return { kind: 'word', words: last.text === 'real' ? ['in'] : [] }
  const inner = open ? statement.findLast((t, i) => t.text === 'for' && i > 0) : undefined
  if (inner !== undefined) {
    const after = statement.slice(statement.indexOf(inner) + 1)
    if (after.length === 0) return { kind: 'nothing' }
    if (after.length === 1) return { kind: 'word', words: ['in'] }
    return { kind: 'expression', domain: last.text === 'in' }
  }
  if (endsOperand(last)) {
    const isTarget = statement.every((t) => t.text !== '~' && t.text !== '=') && first.kind === 'name'
    return {
      kind: 'word',
      words: isTarget && !open ? [] : open ? ['for', 'if', 'else', 'and', 'or'] : ['if', 'else', 'and', 'or'],
    }
  }
  return a.file.statements.length === 0 && first.text === 'model'
    ? { kind: 'nothing' }
    : { kind: 'expression', domain: false }
}

const endsOperand = (t: Token): boolean =>
  t.kind === 'name' || t.kind === 'number' || t.kind === 'string' || closers.has(t.text) || t.text === '?'
