/** The options of `estep fit` that cases and examples use, parsed from their lists of arguments. */
export interface FitArguments {
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly set: ReadonlyMap<string, unknown>
  readonly start: ReadonlyMap<string, unknown> | undefined
  readonly init: 'auto' | 'kmeans++' | 'random' | undefined
  readonly restarts: number | undefined
  readonly tolerance: number | undefined
  readonly maxIterations: number | undefined
  readonly groupBy: string | undefined
  readonly mode: 'em' | 'hard' | undefined
}

const methods = ['auto', 'kmeans++', 'random'] as const
const modes = ['em', 'hard'] as const

/** An option this does not know is an error, so that none is lost in silence. */
export function parseFitArguments(args: readonly string[], readFile: (name: string) => string): FitArguments {
  const columns = new Map<string, readonly string[]>()
  const set = new Map<string, unknown>()
  const start = new Map<string, unknown>()
  let init: FitArguments['init']
  let restarts: number | undefined
  let tolerance: number | undefined
  let maxIterations: number | undefined
  let groupBy: string | undefined
  let mode: FitArguments['mode']
  for (let i = 0; i < args.length; i += 2) {
    const [option, value] = [args[i], args[i + 1]]
    if (option === undefined || value === undefined) throw new Error(`no value after ${option}`)
    switch (option) {
      case '--columns': {
        const [name, list] = assignment(value)
        columns.set(name, list.split(','))
        break
      }
      case '--set': {
        const [name, text] = assignment(value)
        set.set(name, JSON.parse(text))
        break
      }
      case '--start': {
        const [name, text] = assignment(value)
        start.set(name, JSON.parse(text))
        break
      }
      case '--init': {
        init = methods.find((m) => m === value)
        if (init === undefined) for (const [name, v] of Object.entries(JSON.parse(readFile(value)))) start.set(name, v)
        break
      }
      case '--restarts':
        restarts = Number(value)
        break
      case '--tol':
        tolerance = Number(value)
        break
      case '--max-iter':
        maxIterations = Number(value)
        break
      case '--group-by':
        groupBy = value
        break
      case '--mode':
        mode = modes.find((m) => m === value)
        if (mode === undefined) throw new Error(`unknown mode ${value}`)
        break
      default:
        throw new Error(`unknown option ${option}`)
    }
  }
  return {
    columns,
    set,
    start: start.size === 0 ? undefined : start,
    init,
    restarts,
    tolerance,
    maxIterations,
    groupBy,
    mode,
  }
}

function assignment(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`expected name=value, not ${text}`)
  return [text.slice(0, at), text.slice(at + 1)]
}
