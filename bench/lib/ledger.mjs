/**
 * What has been measured, on disk after each row: a run that is killed leaves it, and `--resume` begins after it. Rows are taken
 * over only from a run with the same settings.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export function openLedger(path, settings, { resume, log }) {
  const fresh = { when: new Date().toISOString().slice(0, 10), settings, found: [], rows: {} }
  const kept = resume ? read(path, settings, log) : null
  const book = kept ?? fresh
  const write = () => {
    // never half a file
    writeFileSync(`${path}.draft`, JSON.stringify(book, null, 1))
    renameSync(`${path}.draft`, path)
  }
  return {
    book,
    found(list) {
      book.found = list
      write()
    },
    /** The row `name` of a part: that of the run before, or what `measure` gives; null where it could not be measured. */
    async row(part, name, measure) {
      book.rows[part] ??= {}
      const rows = book.rows[part]
      if (Object.hasOwn(rows, name)) {
        log(`${part} ${name}: of the run before`)
        return
      }
      const row = await measure()
      if (row === null) return
      rows[name] = row
      write()
    },
  }
}

/** What an earlier run left, or null. */
export function readLedger(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
}

function read(path, settings, log) {
  const book = readLedger(path)
  if (book === null) return null
  if (JSON.stringify(book.settings) === JSON.stringify(settings)) return book
  log('the run before had other settings: nothing is taken over')
  return null
}
