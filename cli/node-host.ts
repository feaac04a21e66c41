import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs'
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import pc from 'picocolors'
import { didYouMean } from '../runtime/data/nearest-name.js'
import { UsageError } from './exit-codes.js'
import type { Host } from './host.js'
import { largeTable } from './stream/large-table.js'
import { watchFiles } from './watch-files.js'

/** The real terminal and files. */
export function nodeHost(): Host {
  let stdinTaken = false
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stderrIsTerminal: process.stderr.isTTY === true,
    width: process.stdout.columns ?? 80,
    colourOut: wantsColour(process.stdout.isTTY === true),
    colourErr: wantsColour(process.stderr.isTTY === true),
    async read(path) {
      if (path !== '-') return readPath(path)
      if (stdinTaken) throw new UsageError('stdin (-) can be read only once')
      stdinTaken = true
      const chunks: Uint8Array[] = []
      for await (const chunk of process.stdin) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    exists: existsSync,
    openLarge: largeTable,
    write: writeWhole,
    removeLeftovers,
    watch: watchFiles,
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      return () => void process.off('SIGINT', callback)
    },
    now: () => performance.now(),
  }
}

/** NO_COLOR and FORCE_COLOR go before what the stream is. */
function wantsColour(terminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return terminal && pc.isColorSupported
}

async function readPath(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UsageError(`there is no file \`${path}\``, neighbour(path))
    if (code === 'EISDIR') throw new UsageError(`\`${path}\` is a directory, not a file`)
    if (code === 'EACCES' || code === 'EPERM') throw new UsageError(`\`${path}\` may not be read (permission denied)`)
    throw new UsageError(`\`${path}\` cannot be read (${code ?? 'unknown reason'})`)
  }
}

function neighbour(path: string): string | null {
  try {
    return didYouMean(basename(path), readdirSync(dirname(path)))
  } catch {
    return null
  }
}

/** Milliseconds after which a temporary file is nobody's any more. */
const ABANDONED = 60_000

function removeLeftovers(path: string): void {
  const [folder, name] = [dirname(path), basename(path)]
  try {
    for (const entry of readdirSync(folder)) {
      if (!entry.startsWith(`.${name}.`) || !/^[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length + 2))) continue
      const left = join(folder, entry)
      if (Date.now() - statSync(left).mtimeMs > ABANDONED) unlinkSync(left)
    }
  } catch {
    // a folder that cannot be read, or somebody else's file: writing will say so
  }
}

/** To a temporary name beside it, synced, renamed: a reader sees the old file or the new one. */
async function writeWhole(path: string, text: string | AsyncIterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(temporary, 'wx')
    try {
      if (typeof text === 'string') await file.writeFile(text)
      else for await (const piece of text) await file.appendFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    const code = codeOf(error)
    // of the text, not of the file
    if (code === null && typeof text !== 'string') throw error
    const why =
      code === 'ENOENT'
        ? 'its directory does not exist'
        : code === 'EISDIR'
          ? 'it is a directory'
          : (code ?? 'unknown reason')
    throw new UsageError(`\`${path}\` cannot be written: ${why}`)
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
