/** The language as Monaco knows it before the first answer of the service: brackets, comments, rough colours. */
import { languages } from 'monaco-editor/editor'
// the lexer would bring the parser with it
import { keywordWords, typeWords } from '../../lang/service/words.js'

export const LANGUAGE = 'estep'

export function registerLanguage(): void {
  if (languages.getLanguages().some((l) => l.id === LANGUAGE)) return
  languages.register({ id: LANGUAGE, extensions: ['.estep'] })
  languages.setLanguageConfiguration(LANGUAGE, {
    comments: { lineComment: '#' },
    brackets: [
      ['{', '}'],
      ['[', ']'],
      ['(', ')'],
    ],
    autoClosingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '(', close: ')' },
      { open: '"', close: '"', notIn: ['string', 'comment'] },
    ],
    surroundingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '(', close: ')' },
    ],
    indentationRules: { increaseIndentPattern: /\{[^}]*$/, decreaseIndentPattern: /^\s*\}/ },
    wordPattern: /[\p{L}_][\p{L}\p{M}\p{N}_]*/u,
  })
  languages.setMonarchTokensProvider(LANGUAGE, {
    unicode: true,
    keywords: [...keywordWords.keys()],
    types: [...typeWords.keys()],
    tokenizer: {
      root: [
        [/#.*$/, 'comment'],
        [/"(?:[^"\\\n]|\\.)*"?/, 'string'],
        [/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, 'number'],
        [/\p{Lu}[\p{L}\p{M}\p{N}_]*(?=\()/u, 'class'],
        [
          /[\p{L}_][\p{L}\p{M}\p{N}_]*/u,
          { cases: { '@keywords': 'keyword', '@types': 'type', '@default': 'variable' } },
        ],
        [/[{}()[\]]/, 'delimiter'],
      ],
    },
  })
}
