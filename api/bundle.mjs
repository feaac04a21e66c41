// Bundles the library, the command line and the workers of fits into dist/node, as Node loads them, and writes dist/cli/main.js,
// which runs the command line: a few files start in less than a third of the time that a thousand modules take. `npm run build`
// runs it. Pages take the modules as they are, and so do types.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

await build({
  configFile: false,
  root: here(''),
  logLevel: 'warn',
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    outDir: here('dist/node'),
    emptyOutDir: true,
    minify: false,
    target: 'node20',
    license: { fileName: 'LICENSES.md' },
    rolldownOptions: {
      // workers are started by their name, beside what starts them
      input: {
        index: here('index.ts'),
        main: here('cli/main.ts'),
        'node-worker': here('api/workers/node-worker.ts'),
      },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
const main = here('dist/cli/main.js')
mkdirSync(here('dist/cli'), { recursive: true })
// the engine keeps what it has compiled, where it can (Node 22.8 and later), in a folder that is the user's own
writeFileSync(
  main,
  `#!/usr/bin/env node
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'estep'))
await import('../node/main.js')
`,
)
chmodSync(main, 0o755)
