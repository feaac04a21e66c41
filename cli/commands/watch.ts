import { basename } from 'node:path'
import type { Context } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { failure } from '../failure.js'
import { splitData } from '../load-data.js'
import type { FitOutcome, ModelPort } from '../ports.js'
import { printable } from '../render/paint.js'

/** Of the options of a fit those that watching needs to know. */
export interface WatchOptions {
  readonly data?: readonly string[]
  readonly init?: string
  readonly json?: boolean
  readonly checkpoint?: string
  readonly resume?: string
}

/** Files that a fit reads. */
function filesOf(context: Context, model: string, { data = [], init }: WatchOptions): readonly string[] {
  const files = [model, ...data.map((text) => splitData(context, text).path)]
  if (init !== undefined && context.host.exists(init)) files.push(init)
  if (files.includes('-')) throw new UsageError('--watch needs files, not -')
  return [...new Set(files)]
}

/**
 * Fits, and fits again whenever the model or its data change, from the params of the last fit where these still suit the
 * model. What is wrong is said and waited out. A change ends the fit under way; Ctrl-C ends all.
 *
 * @param once one fit, as without `--watch`
 */
export async function watch(
  context: Context,
  path: string,
  options: WatchOptions,
  once: (context: Context) => Promise<number>,
): Promise<number> {
  const { host } = context
  for (const [name, value] of [
    ['--json', options.json],
    ['--checkpoint', options.checkpoint],
    ['--resume', options.resume],
  ] as const)
    if (value !== undefined)
      throw new UsageError(`--watch makes one fit after another, and ${name} is for a single one`)
  if (host.watch === undefined) throw new UsageError('--watch is not possible here')
  const files = filesOf(context, path, options)
  const names = files.map((file) => printable(basename(file))).join(', ')
  const changes = new Changes(host.watch.bind(host), files)
  const release = host.onInterrupt(() => changes.end())
  let last: Params | null = null
  try {
    for (;;) {
      const round: Round = new Round(last)
      const stop = changes.onNext(() => round.give())
      try {
        await once(round.context(context))
      } catch (error) {
        failure(round.context(context), error, false)
      }
      stop()
      last = round.found ?? last
      if (!round.isSuperseded) host.stderr(`watching ${names}: a change fits again, Ctrl-C ends\n`)
      const changed = await changes.next()
      if (changed === null) return exitCodes.interrupted
      host.stderr(`\n${printable(basename(changed))} has changed\n`)
    }
  } finally {
    release()
    changes.close()
  }
}

type Params = ReadonlyMap<string, unknown>

/** One fit: where it begins, and what it found. Nothing of it is shown or written any more once a change has come. */
class Round {
  found: Params | null = null
  isSuperseded = false
  private readonly interrupts = new Set<() => void>()

  constructor(private readonly warm: Params | null) {}

  give(): void {
    this.isSuperseded = true
    for (const interrupt of this.interrupts) interrupt()
  }

  context(outer: Context): Context {
    const { host, ports } = outer
    const say = (text: string): void => {
      if (!this.isSuperseded) host.stderr(text)
    }
    return {
      ...outer,
      host: {
        ...host,
        stdout: (text) => {
          if (!this.isSuperseded) host.stdout(text)
        },
        stderr: say,
        write: async (file, text) => {
          if (!this.isSuperseded) await host.write(file, text)
        },
        onInterrupt: (callback) => {
          this.interrupts.add(callback)
          if (this.isSuperseded) callback()
          return () => void this.interrupts.delete(callback)
        },
      },
      ports: {
        ...ports,
        compile: (source) => {
          const { model, diagnostics } = ports.compile(source)
          return model === undefined ? { diagnostics } : { model: this.fromLast(model, say), diagnostics }
        },
      },
    }
  }

  /** The model with fits that begin where the last one ended, unless a start was given. */
  private fromLast(model: ModelPort, say: (text: string) => void): ModelPort {
    return {
      ...model,
      fit: async (data, call) => {
        const own = new Map([...(this.warm ?? [])].filter(([name]) => model.params.includes(name)))
        const warm = call.start !== null || own.size === 0 ? null : await model.fit(data, { ...call, start: own })
        // params of another shape: the fit begins anew
        const outcome: FitOutcome = warm === null || warm.kind === 'usage' ? await model.fit(data, call) : warm
        if (outcome === warm && outcome.kind === 'fit') say('begun where the last fit ended\n')
        if (outcome.kind === 'fit' && !outcome.partial) {
          const { params, converged } = outcome.fit.toJSON()
          if (converged) this.found = new Map(Object.entries(params))
        }
        return outcome
      },
    }
  }
}

/** Changes of files, one after another, until the end. */
class Changes {
  private waiting: ((changed: string | null) => void) | null = null
  private pending: string | null = null
  private isEnded = false
  private heard: (() => void) | null = null
  readonly close: () => void

  constructor(
    watchFiles: (files: readonly string[], onChange: (file: string) => void) => () => void,
    files: readonly string[],
  ) {
    this.close = watchFiles(files, (file) => {
      this.pending = file
      this.tell()
    })
  }

  end(): void {
    this.isEnded = true
    this.tell()
  }

  /** Calls back at the next change or at the end, until the returned function is called. */
  onNext(callback: () => void): () => void {
    this.heard = callback
    if (this.pending !== null || this.isEnded) callback()
    return () => {
      this.heard = null
    }
  }

  /** The file that has changed; null at the end. */
  next(): Promise<string | null> {
    return new Promise((resolve) => {
      this.waiting = resolve
      this.tell()
    })
  }

  private tell(): void {
    if (this.pending === null && !this.isEnded) return
    this.heard?.()
    const { waiting } = this
    if (waiting === null) return
    const changed = this.isEnded ? null : this.pending
    this.waiting = null
    this.pending = null
    waiting(changed)
  }
}
