/** Puts the gallery beside the page: `gallery/index.json` and the files of each example; and the opening into the script. */
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'
import { readGallery, readOpening } from './read-examples.js'

const OPENING = 'virtual:opening'

export function gallery(folder: URL): Plugin {
  const files = (): Map<string, string | Uint8Array> => {
    const index = readGallery(folder)
    const found = new Map<string, string | Uint8Array>([['gallery/index.json', JSON.stringify(index)]])
    for (const { id, items, files: data } of index.examples)
      for (const name of new Set(['README.md', ...data, ...items.map((i) => i.model)]))
        found.set(`gallery/${id}/${name}`, readFileSync(new URL(`${id}/${name}`, folder)))
    return found
  }
  return {
    name: 'estep-gallery',
    resolveId: (id) => (id === OPENING ? `\0${OPENING}` : null),
    load: (id) => (id === `\0${OPENING}` ? `export const opening = ${JSON.stringify(readOpening(folder))}` : null),
    generateBundle() {
      for (const [fileName, source] of files()) this.emitFile({ type: 'asset', fileName, source })
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').replace(/^\//, '')
        const file = path.startsWith('gallery/') ? files().get(path) : undefined
        if (file === undefined) next()
        else response.end(file)
      })
    },
  }
}
