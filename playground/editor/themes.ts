/** The palettes as themes of Monaco. */
import { editor } from 'monaco-editor/editor'
import { dark, light, type Palette } from './palettes.js'

const bare = (colour: string): string => colour.slice(1)

function theme(p: Palette, base: 'vs' | 'vs-dark'): editor.IStandaloneThemeData {
  const rule = (token: string, colour: string, fontStyle = ''): editor.ITokenThemeRule => ({
    token,
    foreground: bare(colour),
    fontStyle,
  })
  return {
    base,
    inherit: true,
    rules: [
      rule('', p.text),
      rule('comment', p.comment, 'italic'),
      rule('keyword', p.keyword),
      rule('type', p.type),
      rule('class', p.distribution),
      rule('function', p.function),
      rule('parameter', p.index, 'italic'),
      rule('property', p.argument),
      rule('number', p.number),
      rule('string', p.string),
      rule('namespace', p.text, 'bold'),
      rule('variable', p.text),
      rule('variable.data', p.data),
      rule('variable.param', p.param),
      rule('variable.latent', p.latent, 'italic'),
      rule('delimiter', p.text),
    ],
    colors: {
      'editor.background': p.background,
      'editor.foreground': p.text,
      'editor.lineHighlightBackground': p.line,
      'editor.lineHighlightBorder': '#00000000',
      'editor.selectionBackground': p.selection,
      'editorLineNumber.foreground': p.lineNumber,
      'editorLineNumber.activeForeground': p.text,
      'editorCursor.foreground': p.text,
      'editorInlayHint.foreground': p.hint,
      'editorInlayHint.background': p.hintBackground,
      'editorError.foreground': p.error,
      'editorWarning.foreground': p.warning,
      'editorWidget.background': p.line,
      'editorWidget.foreground': p.text,
      'editorHoverWidget.background': p.line,
      'editorHoverWidget.foreground': p.text,
      'editorSuggestWidget.background': p.line,
      'editorSuggestWidget.foreground': p.text,
      'editorSuggestWidget.selectedBackground': p.selection,
      'editorSuggestWidget.selectedForeground': p.text,
      'editorSuggestWidget.highlightForeground': p.distribution,
      'editorSuggestWidget.focusHighlightForeground': p.distribution,
      'editorBracketMatch.border': p.lineNumber,
      'editorBracketMatch.background': p.hintBackground,
      // brackets are told apart by their match, not by colours beside those of roles
      ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((i) => [`editorBracketHighlight.foreground${i}`, p.text])),
      'editorBracketHighlight.unexpectedBracket.foreground': p.error,
    },
  }
}

export function defineThemes(): void {
  editor.defineTheme('estep-light', theme(light, 'vs'))
  editor.defineTheme('estep-dark', theme(dark, 'vs-dark'))
}

export const themeName = (isDark: boolean): string => (isDark ? 'estep-dark' : 'estep-light')
