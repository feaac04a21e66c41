/** The compiler, in a thread of its own: diagnostics, plan, derivation, code. */
import { codeView, compiled, derivationView, latexOf } from './compile-session.js'
import type { CompileCalls } from './messages.js'
import { serve } from './serve.js'

serve<CompileCalls>({
  compile: ({ source }) => compiled(source),
  derivation: ({ source, mode }) => derivationView(source, mode),
  latex: ({ source, mode, fragment }) => latexOf(source, mode, fragment),
  code: ({ source, mode, target }) => codeView(source, mode, target),
})
