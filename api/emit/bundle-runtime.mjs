// Bundles the runtime of stand-alone programs (standalone.ts and what it imports) to one text, which `model.emit` reads:
// into runtime-text.generated.js beside this file, and into dist where that is built.
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Parts that a stand-alone program does without: what they give where they are asked. */
const left_out = new Map([
  // passes by generated WebAssembly
  ['compiler/bind/row-engine', 'export class RowEngine { constructor() { throw new Error("no WebAssembly here") } }'],
  // ranks of scores
  ['compiler/bind/identified', 'export const identifiedOverPoints = () => null'],
  // Parquet
  ['runtime/data/parquet/parquet-file', 'export const isParquet = () => false'],
  ['runtime/data/parquet/read-parquet', 'export const readParquet = () => ({ problems: [] })'],
])

const withoutParts = {
  name: 'without-parts',
  enforce: 'pre',
  load(id) {
    const found = [...left_out].find(([path]) => id.endsWith(`/${path}.ts`))
    return found === undefined ? null : { code: found[1], moduleType: 'js' }
  },
}

const result = await build({
  configFile: false,
  root: here('../..'),
  logLevel: 'error',
  plugins: [withoutParts],
  build: {
    write: false,
    minify: false,
    target: 'es2022',
    lib: { entry: here('standalone.ts'), formats: ['es'], fileName: 'standalone' },
    rollupOptions: { output: { codeSplitting: false } },
  },
})
const [{ output }] = Array.isArray(result) ? result : [result]
const [chunk] = output
const imports = output.flatMap((o) => (o.type === 'chunk' ? o.imports : []))
if (imports.length > 0) throw new Error(`the runtime imports ${imports.join(', ')}`)
const text = chunk.code.replace(/\nexport \{[^}]*\};?\s*$/, '\n').replace(/^\/\/#(region|endregion).*\n/gm, '')
if (!/function createProgram\b/.test(text)) throw new Error('the runtime has no createProgram')
const module = `export const runtimeText = ${JSON.stringify(text)}\n`
writeFileSync(here('runtime-text.generated.js'), module)
const built = here('../../dist/api/emit/')
if (existsSync(built)) writeFileSync(`${built}runtime-text.generated.js`, module)
process.stdout.write(`${(text.length / 1024).toFixed(0)} KiB of runtime\n`)
