import { randomBytes } from 'node:crypto'
import { closeSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataCodes, dataProblem } from '../../runtime/data/problems.js'
import { RowsError } from '../../runtime/data/stream/rows-error.js'
import { gigabytes } from './byte-sizes.js'
import { readWhole } from './file-bytes.js'

/**
 * A file of numbers in the folder for temporary files. Where the system allows it, the file loses its name as soon as it
 * is open, so that it is gone with the process, however that ends.
 */
export class ScratchFile {
  readonly folder = tmpdir()
  private readonly file: number
  private readonly path: string
  private isNamed = true
  private isOpen = true
  bytes = 0

  constructor(private readonly source: string) {
    this.path = join(this.folder, `estep-${randomBytes(8).toString('hex')}.tmp`)
    try {
      this.file = openSync(this.path, 'wx+', 0o600)
    } catch (error) {
      throw new RowsError(noSpace(source, `\`${this.folder}\` cannot be written to (${codeOf(error)})`))
    }
    if (process.platform !== 'win32') this.unname()
  }

  /** Complains where the folder has no room for so many bytes. */
  expect(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.folder)
    if (bytes <= bavail * bsize) return
    throw new RowsError(
      noSpace(
        this.source,
        `a scratch file of about ${gigabytes(bytes)} is needed, and \`${this.folder}\` has ${gigabytes(bavail * bsize)} left`,
      ),
    )
  }

  append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at, bytes.length - at, this.bytes + at)
    } catch (error) {
      const code = codeOf(error)
      if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG' && code !== 'EIO') throw error
      throw new RowsError(
        noSpace(
          this.source,
          `the scratch file in \`${this.folder}\` could not grow beyond ${gigabytes(this.bytes)} (${code})`,
        ),
      )
    }
    this.bytes += bytes.length
  }

  read(bytes: Uint8Array, from: number): void {
    if (!this.isOpen) throw new Error('the scratch file is closed')
    readWhole(this.file, bytes, from, () => new RowsError(cutOff(this.source)))
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    closeSync(this.file)
    this.unname()
  }

  private unname(): void {
    if (!this.isNamed) return
    this.isNamed = false
    unlinkSync(this.path)
  }
}

function noSpace(source: string, why: string): ReturnType<typeof dataProblem> {
  const help = 'name a folder with more room by the environment variable TMPDIR'
  return dataProblem(dataCodes.noSpace, `${source} is read a part at a time: ${why}`, { source }, help)
}

function cutOff(source: string): ReturnType<typeof dataProblem> {
  return dataProblem(dataCodes.changed, `the scratch file of ${source} has been cut off`, { source })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason'
