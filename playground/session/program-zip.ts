/** What a zip holds that runs a fit without Estep: the program, the model, the data, and what to type. */
import { plainControls, type RunControls } from './project.js'

export interface ZipPart {
  readonly name: string
  readonly content: string | Uint8Array<ArrayBuffer>
}

export function programZip(
  program: string,
  source: string,
  files: readonly { readonly name: string; readonly content: Uint8Array<ArrayBuffer> }[],
  controls: RunControls,
): readonly ZipPart[] {
  const own = ['fit.mjs', 'model.estep', 'README.txt']
  const named = files.map(({ name, content }, i) => ({ name: plainName(name, i, own), content }))
  const command = ['node fit.mjs', ...named.map((f) => quoted(f.name)), ...optionsOf(controls)].join(' ')
  const left = notThere(controls)
  const readme = [
    'Fits the model in model.estep, without Estep: needs Node 20.16 or newer.',
    `  ${command}`,
    ...(left.length === 0
      ? []
      : [`The program has no ${left.join(' and no ')}, which the page has: estep fit has them too.`]),
  ].join('\n\n')
  return [
    { name: 'fit.mjs', content: program },
    { name: 'model.estep', content: source },
    { name: 'README.txt', content: `${readme}\n` },
    ...named,
  ]
}

/** A name without folders, that none of ours has. */
function plainName(name: string, at: number, taken: readonly string[]): string {
  const base = name.replace(/.*[/\\]/s, '').replace(/\p{Cc}/gu, '')
  return base === '' || base === '.' || base === '..' || taken.includes(base) ? `data-${at + 1}-${base}` : base
}

/** The controls as options of the program. */
function optionsOf(c: RunControls): readonly string[] {
  return [
    ...[...c.set].map(([name, value]) => `--set ${quoted(`${name}=${value}`)}`),
    ...[...c.columns].map(([name, list]) => `--columns ${quoted(`${name}=${list.map(columnName).join(',')}`)}`),
    ...(c.groupBy === null ? [] : [`--group-by ${quoted(c.groupBy)}`]),
    ...[...c.start].map(([name, value]) => `--start ${quoted(`${name}=${JSON.stringify(value)}`)}`),
    ...(c.mode === 'hard' ? ['--mode hard'] : []),
    `--seed ${c.seed}`,
    ...(c.start.size === 0 ? [`--restarts ${c.restarts}`] : []),
    ...(c.tolerance === plainControls.tolerance ? [] : [`--tol ${c.tolerance}`]),
    ...(c.maxIterations === plainControls.maxIterations ? [] : [`--max-iter ${c.maxIterations}`]),
  ]
}

/** What of the controls the program does not do. */
const notThere = (c: RunControls): readonly string[] => [
  ...(c.mode === 'em' || c.mode === 'hard' ? [] : [`mode ${c.mode}`]),
  ...(c.fix.size === 0 ? [] : ['params that are held']),
  ...(c.init === 'auto' ? [] : ['choice of how starts are found']),
  ...(c.accelerate === null ? [] : ['acceleration']),
  ...(c.standardize ? ['standardised columns'] : []),
]

const columnName = (name: string): string => (/[",= ]/.test(name) ? `"${name}"` : name)

/** A word for a shell. */
const quoted = (word: string): string => (/^[\w.,=:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
