import type { Analysis, Token } from './analyse.js'
import type { Definition, Word } from './names.js'
import type { SemanticToken } from './types.js'

/** What each word of the text is, in order; words of statements that cannot be read are told from their spelling. */
export function semanticTokens(a: Analysis): readonly SemanticToken[] {
  const definitions = new Map(a.names.occurrences.map((o) => [o.span.start, o] as const))
  const words = new Map(a.names.words.map((w) => [w.span.start, w] as const))
  const tokens = a.tokens.flatMap((t): readonly SemanticToken[] => {
    const found = definitions.get(t.span.start)
    if (found !== undefined) return [ofDefinition(found.definition, found.declares, t)]
    const word = words.get(t.span.start)
    if (word !== undefined) return ofWord(word)
    if (a.names.modelName?.span.start === t.span.start)
      return [{ span: t.span, type: 'namespace', modifiers: ['declaration'] }]
    return ofToken(t, a)
  })
  const comments = a.comments.map((c): SemanticToken => ({ span: c.span, type: 'comment', modifiers: [] }))
  return [...tokens, ...comments].sort((x, y) => x.span.start - y.span.start)
}

function ofDefinition(d: Definition, declares: boolean, t: Token): SemanticToken {
  const base = declares ? (['declaration'] as const) : []
  switch (d.kind) {
    case 'function':
      return { span: t.span, type: 'function', modifiers: base }
    case 'index':
    case 'argument':
      return { span: t.span, type: 'parameter', modifiers: base }
    case 'const':
    case 'size':
      return { span: t.span, type: 'variable', modifiers: [...base, 'readonly'] }
    case 'let':
      return { span: t.span, type: 'variable', modifiers: base }
    case 'data':
    case 'param':
    case 'latent':
      return { span: t.span, type: 'variable', modifiers: [...base, d.kind] }
  }
}

function ofWord(word: Word): readonly SemanticToken[] {
  const { span } = word
  switch (word.kind) {
    case 'type':
      return [{ span, type: 'type', modifiers: ['defaultLibrary'] }]
    case 'distribution':
      return [{ span, type: 'class', modifiers: ['defaultLibrary'] }]
    case 'function':
      return [{ span, type: 'function', modifiers: ['defaultLibrary'] }]
    case 'argument-name':
      return [{ span, type: 'property', modifiers: [] }]
    case 'unknown-name':
      return [{ span, type: 'variable', modifiers: [] }]
  }
}

function ofToken(t: Token, a: Analysis): readonly SemanticToken[] {
  switch (t.kind) {
    case 'word':
      return [{ span: t.span, type: 'keyword', modifiers: [] }]
    case 'number':
    case 'string':
      return [{ span: t.span, type: t.kind, modifiers: [] }]
    case 'name':
      if (t.text === 'weight') return [{ span: t.span, type: 'keyword', modifiers: [] }]
      if (a.distributions.has(t.text)) return [{ span: t.span, type: 'class', modifiers: ['defaultLibrary'] }]
      return [{ span: t.span, type: 'variable', modifiers: [] }]
    case 'newline':
    case 'sign':
      return []
  }
}
