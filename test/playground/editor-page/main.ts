/** A page that holds the editor and nothing else, for its tests. */
import type { LanguageAnswer, LanguageCall, LanguageRequest } from '../../../compiler/service/language-service.js'
import { mountEditor } from '../../../playground/editor/mount-editor.js'
import type { Editor } from '../../../playground/editor/types.js'
import ServiceWorker from './worker.ts?worker'

declare global {
  interface Window {
    estepEditor: Editor
    changes: string[]
    diagnostics: readonly { readonly code: string }[]
  }
}

const text = `model OldFaithful            # two kinds of eruption
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param sigma : positive[K]

for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normall(mu[z], sigma[z])
}
`

const worker = new ServiceWorker()
const waiting = new Map<number, (answer: unknown) => void>()
let next = 0
worker.addEventListener('message', (event: MessageEvent<{ id: number; answer: unknown }>) => {
  waiting.get(event.data.id)?.(event.data.answer)
  waiting.delete(event.data.id)
})

const query = new URLSearchParams(location.search)
const element = document.getElementById('editor')
if (element === null) throw new Error('no place for the editor')
window.changes = []
window.diagnostics = []
window.estepEditor = mountEditor(element, {
  text,
  dark: query.has('dark'),
  ...(query.has('plain') ? { plain: true } : {}),
  onChange: (changed) => void window.changes.push(changed),
  onDiagnostics: (found) => {
    window.diagnostics = found
  },
  service: {
    ask: <K extends LanguageCall>(request: LanguageRequest<K>) =>
      new Promise<LanguageAnswer<K>>((resolve) => {
        const id = next
        next += 1
        waiting.set(id, (answer) => resolve(answer as LanguageAnswer<K>))
        worker.postMessage({ id, request })
      }),
  },
})
