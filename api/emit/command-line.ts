/** `node fit.mjs data.csv`: a stand-alone program as a command, by modules of Node that only it asks for. */
import { parseColumnsOption } from '../../runtime/data/columns-option.js'
import { readTable } from '../../runtime/data/read-table.js'
import type { Table } from '../../runtime/data/types.js'
import { DataError, OptionError } from '../errors.js'
import type { StandaloneFit, StandaloneOptions } from './standalone-types.js'

export interface CommandLine {
  /** true where the module is what was started. */
  isMain(url: string): boolean
  /** Runs the command with the arguments of the process, and sets its exit code. */
  main(): Promise<void>
}

/** What is used of Node. */
interface NodeProcess {
  readonly argv: readonly string[]
  exitCode: number
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  getBuiltinModule?(name: string): unknown
}

const nodeProcess = (): NodeProcess | undefined => (globalThis as { readonly process?: NodeProcess }).process

const USAGE = `usage: node fit.mjs DATA… [options]

DATA is a CSV, TSV or JSON file, or name=FILE for the data of one name. Options, as of \`estep fit\`:
  --columns x=a,b     columns of a data name            --set K=3           another value of a const
  --group-by COLUMN   what tells sequences apart        --start mu=[1, 2]   start value of a param
  --seed N            seed of the starts (1)            --restarts N        starts (20, or 1 with a start)
  --tol T             tolerance (1e-9)                  --max-iter N        most iterations (10000)
  --mode hard         the most probable values in place of all of them (em)
  --json              one JSON document
`

interface Arguments {
  readonly data: readonly string[]
  readonly json: boolean
  readonly help: boolean
  readonly options: StandaloneOptions
}

export function commandLine(
  name: string,
  fit: (data: readonly Table[], options: StandaloneOptions) => Promise<StandaloneFit>,
): CommandLine {
  const run = async (node: NodeProcess): Promise<number> => {
    const given = readArguments(node.argv.slice(2))
    if (given.help) {
      node.stdout.write(USAGE)
      return 0
    }
    const files = node.getBuiltinModule?.('node:fs') as { readFileSync(path: string): Uint8Array } | undefined
    if (files === undefined) throw new OptionError('this needs Node 20.16 or later')
    const tables = given.data.map((text) => readData(text, (path) => files.readFileSync(path)))
    const result = await fit(tables, given.options)
    node.stdout.write(given.json ? `${JSON.stringify(result, null, 2)}\n` : report(name, result))
    for (const w of result.warnings) node.stderr.write(`warning[${w.code}]: ${printable(w.message)}\n`)
    return result.stop === 'numerical' ? 4 : 0
  }
  return {
    isMain: (url) => {
      const [, started] = nodeProcess()?.argv ?? []
      const urls = nodeProcess()?.getBuiltinModule?.('node:url') as { pathToFileURL(path: string): URL } | undefined
      return started !== undefined && urls !== undefined && urls.pathToFileURL(started).href === url
    },
    main: async () => {
      const node = nodeProcess()
      if (node === undefined) return
      try {
        node.exitCode = await run(node)
      } catch (e) {
        if (!(e instanceof OptionError) && !(e instanceof DataError)) throw e
        const lines = e instanceof DataError ? e.problems.map(problemLine) : [`error: ${e.message}`]
        node.stderr.write(`${lines.map(printable).join('\n')}\n`)
        node.exitCode = e instanceof DataError ? 3 : 2
      }
    },
  }
}

function problemLine(p: DataError['problems'][number]): string {
  const place = [p.source, p.row === null ? null : `row ${p.row}`, p.column === null ? null : `column ${p.column}`]
  const where = place.filter((x) => x !== null).join(', ')
  return `error[${p.code}]: ${where === '' ? '' : `${where}: `}${p.message}${p.help === null ? '' : `\n  = help: ${p.help}`}`
}

/** Control characters of data are not passed on to a terminal. */
const printable = (text: string): string =>
  [...text].map((c) => (c < ' ' && c !== '\n' ? '\uFFFD' : c === '\u007f' ? '\uFFFD' : c)).join('')

function readData(text: string, read: (path: string) => Uint8Array): Table {
  const match = /^([\p{L}_]\w*)=(.+)$/u.exec(text)
  const [, name, named] = match ?? []
  const path = named ?? text
  let bytes: Uint8Array
  try {
    bytes = read(path)
  } catch {
    throw new OptionError(`\`${path}\` cannot be read`)
  }
  const table = readTable(path, bytes)
  if (table.value === undefined) throw new DataError(table.problems)
  return name === undefined ? table.value : { ...table.value, name }
}

/** @throws OptionError where an option is not known or lacks its value */
function readArguments(words: readonly string[]): Arguments {
  const data: string[] = []
  const columns = new Map<string, readonly string[]>()
  const set = new Map<string, unknown>()
  const start = new Map<string, unknown>()
  const numbers = new Map<string, number>()
  let groupBy: string | null = null
  let mode: 'em' | 'hard' = 'em'
  let json = false
  let help = words.length === 0
  for (let i = 0; i < words.length; i++) {
    const [option = '', inline] = split(words[i] ?? '')
    const value = (): string => {
      if (inline !== undefined) return inline
      i += 1
      const next = words[i]
      if (next === undefined) throw new OptionError(`${option} needs a value`)
      return next
    }
    switch (option) {
      case '--help':
        help = true
        break
      case '--json':
        json = true
        break
      case '--data':
        data.push(value())
        break
      case '--columns': {
        const parsed = parseColumnsOption(value())
        if (typeof parsed === 'string') throw new OptionError(parsed)
        columns.set(parsed.name, parsed.columns)
        break
      }
      case '--group-by':
        groupBy = value()
        break
      case '--mode': {
        const given = value()
        if (given !== 'em' && given !== 'hard')
          throw new OptionError(`--mode takes em or hard here, not \`${given}\`; \`estep fit\` has further modes`)
        mode = given
        break
      }
      case '--set':
      case '--start': {
        const [name, of] = assignment(option, value())
        ;(option === '--set' ? set : start).set(name, of)
        break
      }
      case '--seed':
      case '--restarts':
      case '--max-iter':
      case '--tol':
        numbers.set(option, numberOf(option, value()))
        break
      default:
        if (option.startsWith('-') && option !== '-') throw new OptionError(`there is no option ${option}\n${USAGE}`)
        data.push(words[i] ?? '')
    }
  }
  const number = (option: string, key: string): Record<string, number> => {
    const given = numbers.get(option)
    return given === undefined ? {} : { [key]: given }
  }
  const options: StandaloneOptions = {
    columns,
    groupBy,
    set,
    mode,
    ...(start.size === 0 ? {} : { start }),
    ...number('--seed', 'seed'),
    ...number('--restarts', 'restarts'),
    ...number('--max-iter', 'maxIterations'),
    ...number('--tol', 'tolerance'),
  }
  return { data, json, help, options }
}

/** `--seed=3` as `--seed 3`. */
function split(word: string): readonly [string, string | undefined] {
  const equals = word.indexOf('=')
  return word.startsWith('--') && equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word, undefined]
}

function numberOf(option: string, text: string): number {
  const value = Number(text)
  const whole = option !== '--tol'
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value)))
    throw new OptionError(
      `${option} takes ${whole ? 'a whole number' : 'a number'} that is not negative, not \`${text}\``,
    )
  return value
}

/** `mu=[1, 2]`: a number, or arrays of numbers as JSON has them. */
function assignment(option: string, text: string): readonly [string, unknown] {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(0, equals)).trim()
  if (equals < 1) throw new OptionError(`${option} takes name=value, not \`${text}\``)
  try {
    return [name, JSON.parse(text.slice(equals + 1))]
  } catch {
    throw new OptionError(`${option}: \`${text.slice(equals + 1)}\` is not a number or an array of numbers`)
  }
}

/** The result in lines: log-likelihood and params, all digits that a double has. */
function report(name: string, r: StandaloneFit): string {
  const lines = [
    `${name}: ${r.converged ? 'converged' : 'not converged'} after ${r.iterations} iterations`,
    `log-likelihood  ${r.logLikelihood}`,
    ...(r.objective === r.logLikelihood ? [] : [`objective       ${r.objective}`]),
    `BIC ${r.bic}, AIC ${r.aic}: ${r.parameters} params, ${r.observations} observations`,
    '',
    ...valueLines(r.params),
    ...valueLines(r.derived),
  ]
  return `${lines.join('\n')}\n`
}

function valueLines(values: StandaloneFit['params'] | StandaloneFit['derived']): readonly string[] {
  const entries = Object.entries(values as { readonly [name: string]: unknown })
  const width = Math.max(0, ...entries.map(([n]) => n.length))
  return entries.map(([n, v]) => `${n.padEnd(width)}  ${JSON.stringify(v)}`)
}
