import { statSync } from 'node:fs'

/** Milliseconds between two looks at the files. */
const EVERY = 150

/**
 * Calls back when a file has changed and then stood still for one look, so that what is being written is not read. Files are
 * looked at by name: an editor that writes a new file and renames it is seen, and so are files on other machines, where
 * the system tells of no changes. A file that is gone is waited for.
 *
 * @returns ends it
 */
export function watchFiles(files: readonly string[], onChange: (file: string) => void): () => void {
  const known = new Map(files.map((file) => [file, stampOf(file)]))
  const unsettled = new Map<string, string>()
  const timer = setInterval(() => {
    for (const file of files) {
      const stamp = stampOf(file)
      if (stamp === known.get(file) || stamp === '') {
        unsettled.delete(file)
        continue
      }
      if (unsettled.get(file) !== stamp) {
        unsettled.set(file, stamp)
        continue
      }
      unsettled.delete(file)
      known.set(file, stamp)
      onChange(file)
    }
  }, EVERY)
  return () => clearInterval(timer)
}

/** Which file it is and how it was written last; '' where there is none. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? '' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`
}
