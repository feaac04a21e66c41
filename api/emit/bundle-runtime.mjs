// Bundles the runtime of stand-alone programs (api/emit/standalone.ts and what it imports) to one text, which `model.emit`
// reads: into api/emit/runtime-text.generated.js, and into dist where that is built. `npm run build` runs it.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Distributions that the runtime asks for: those that shrink to a point. Densities are in the kernels. */
function pointMasses() {
  const folder = here('compiler/distributions/')
  const files = readdirSync(folder).filter((f) => f.endsWith('.ts') && f !== 'types.ts')
  const found = files.filter((f) => /^ {2}pointMass:/m.test(readFileSync(`${folder}${f}`, 'utf8')))
  const lines = found.map((f, i) => `import * as d${i} from ${JSON.stringify(`${folder}${f}`)}`)
  const all = found.map((_, i) => `...Object.values(d${i})`).join(', ')
  return `${lines.join('\n')}\nexport const distributionByName = new Map([${all}].map((d) => [d.signature.name, d]))`
}

/** Parts that a stand-alone program does without: what they give where they are asked. */
const leftOut = new Map([
  // passes by generated WebAssembly
  ['compiler/bind/row-engine', 'export class RowEngine { constructor() { throw new Error("no WebAssembly here") } }'],
  // scores are lowered when a program is written
  ['compiler/lower/scores', 'export const lowerScores = (derivation) => derivation.scores'],
  ['runtime/data/parquet/parquet-file', 'export const isParquet = () => false'],
  ['runtime/data/parquet/read-parquet', 'export const readParquet = () => ({ problems: [] })'],
  ['compiler/distributions/index', pointMasses()],
])

const withoutParts = {
  name: 'without-parts',
  enforce: 'pre',
  load(id) {
    const found = [...leftOut].find(([path]) => id.endsWith(`/${path}.ts`))
    return found === undefined ? null : { code: found[1], moduleType: 'js' }
  },
}

/** @returns the length of the text */
export async function bundleRuntime() {
  const result = await build({
    configFile: false,
    root: here(''),
    logLevel: 'error',
    plugins: [withoutParts],
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry: here('api/emit/standalone.ts'), formats: ['es'], fileName: 'standalone' },
    },
  })
  const [{ output }] = Array.isArray(result) ? result : [result]
  const [chunk, ...others] = output
  if (others.length > 0 || chunk.imports.length > 0)
    throw new Error(`the runtime is not one file: ${[...others.map((o) => o.fileName), ...chunk.imports].join(', ')}`)
  const text = chunk.code.replace(/\nexport \{[^}]*\};?\s*$/, '\n').replace(/^\/\/#(region|endregion).*\n/gm, '')
  if (!/function createProgram\b/.test(text)) throw new Error('the runtime has no createProgram')
  const module = `export const runtimeText = ${JSON.stringify(text)}\n`
  for (const folder of ['api/emit/', 'dist/api/emit/'].map(here)) {
    if (!existsSync(folder)) continue
    // others may read it meanwhile
    const temporary = `${folder}.runtime-text.${process.pid}.${Math.random().toString(36).slice(2)}.js`
    writeFileSync(temporary, module)
    renameSync(temporary, `${folder}runtime-text.generated.js`)
  }
  return text.length
}

/** For Vite: the text is there before what asks for it is looked for. */
export const withRuntimeText = () => ({
  name: 'runtime-text',
  async buildStart() {
    if (!existsSync(here('api/emit/runtime-text.generated.js'))) await bundleRuntime()
  },
})

const [, started] = process.argv
if (started !== undefined && pathToFileURL(started).href === import.meta.url)
  process.stdout.write(`${((await bundleRuntime()) / 1024).toFixed(0)} KiB of runtime\n`)
