import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { readSource } from '../load-model.js'
import { openInBrowser } from '../play/open-in-browser.js'
import { type Opened, type PageServer, servePage } from '../play/page-server.js'

export interface PlayOptions {
  readonly data?: readonly string[]
  readonly port?: number
  readonly open: boolean
}

/** Where the built page lies: beside the command as it is published, or in the project. */
const FOLDERS = ['../../playground/', '../../dist/playground/'].map((f) => fileURLToPath(new URL(f, import.meta.url)))

/** `estep play [MODEL]`: serves the playground to this machine until Ctrl-C. */
export async function play(context: Context, path: string | undefined, options: PlayOptions): Promise<number> {
  const { host } = context
  const opened = await openedBy(context, path, options.data ?? [])
  const folder = FOLDERS.find((f) => existsSync(`${f}index.html`) && existsSync(`${f}assets`))
  if (folder === undefined) throw new UsageError('the playground has not been built', 'npm run build')
  const server = await started(folder, options.port, opened)
  host.stdout(`${server.url}\n`)
  host.stderr('The playground runs on this machine only. Ctrl-C ends it.\n')
  if (options.open) openInBrowser(server.url)
  await new Promise<void>((resolve) => {
    const stop = host.onInterrupt(() => {
      stop()
      resolve()
    })
  })
  await server.close()
  return exitCodes.done
}

async function openedBy(context: Context, path: string | undefined, data: readonly string[]): Promise<Opened | null> {
  if (path === undefined && data.length > 0)
    throw new UsageError('--data needs a model that takes it: estep play MODEL --data FILE')
  if (path === undefined) return null
  const { text } = await readSource(context, path)
  const files = await Promise.all(
    data.map(async (file) => ({
      name: file === '-' ? 'stdin' : basename(file),
      content: await context.host.read(file),
    })),
  )
  return { source: text, files }
}

/** The port where it is given; else the usual one, or another where that is taken. */
const USUAL = 5717

async function started(folder: string, port: number | undefined, opened: Opened | null): Promise<PageServer> {
  try {
    return await servePage(folder, port ?? USUAL, opened)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    if (port === undefined) return servePage(folder, 0, opened)
    throw new UsageError(
      `--port ${port}: ${code === 'EACCES' ? 'this port may not be used' : 'another program has this port'}`,
    )
  }
}
