/** The compiler, in a thread of its own: diagnostics, plan, derivation, code. */
import { compiled, derivationOf, languageAnswer, planIn } from './compile-session.js'
import type { CompileCalls } from './messages.js'
import { serve } from './serve.js'

serve<CompileCalls>({
  compile: ({ source }) => compiled(source),
  plan: ({ source, mode }) => planIn(source, mode),
  language: (request) => languageAnswer(request),
  async derivation({ source, mode }) {
    const { derivationView } = await import('./derivation-view.js')
    return derivationView(derivationOf(source, mode), mode !== 'vb')
  },
  async latex({ source, mode, fragment }) {
    const { latexOf } = await import('./derivation-view.js')
    return latexOf(derivationOf(source, mode), fragment)
  },
  async code({ source, mode, target }) {
    const { codeView } = await import('./code-view.js')
    return codeView(derivationOf(source, mode), target)
  },
})
