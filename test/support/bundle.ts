/** Scripts that Node runs by itself, made from the sources. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'

/** `entries`: names of scripts and where they lie, seen from the folder of the tests. Gives their folder. */
export async function bundle(entries: Readonly<Record<string, string>>): Promise<URL> {
  const outDir = mkdtempSync(join(tmpdir(), 'estep-bundle-'))
  const input = Object.fromEntries(
    Object.entries(entries).map(([name, path]) => [name, fileURLToPath(new URL(`../${path}`, import.meta.url))]),
  )
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      rollupOptions: { input, output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' } },
    },
  })
  return pathToFileURL(`${outDir}/`)
}
