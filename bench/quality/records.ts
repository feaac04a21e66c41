/** What a campaign has come to, kept in .cache so that it goes on where it was ended. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Records<T> {
  read(name: string): readonly T[]
  add(name: string, entry: T): void
}

/** Lists of entries by name, each a file in `.cache/quality/<folder>` below the working directory. */
export function records<T>(folder: string): Records<T> {
  const path = (name: string): string => join('.cache/quality', folder, `${name}.json`)
  mkdirSync(join('.cache/quality', folder), { recursive: true })
  const known = new Map<string, T[]>()
  const list = (name: string): T[] => {
    const kept = known.get(name)
    if (kept !== undefined) return kept
    const read: T[] = existsSync(path(name)) ? JSON.parse(readFileSync(path(name), 'utf8')) : []
    known.set(name, read)
    return read
  }
  return {
    read: list,
    add(name, entry) {
      const entries = list(name)
      entries.push(entry)
      writeFileSync(`${path(name)}.part`, JSON.stringify(entries))
      renameSync(`${path(name)}.part`, path(name))
    },
  }
}
