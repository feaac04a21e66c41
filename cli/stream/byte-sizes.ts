import { UsageError } from '../exit-codes.js'

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
])

/** `1GB`, `512M`, `8000000`: bytes, by powers of 1000; KiB, MiB, GiB by powers of 1024. */
export function byteSize(option: string): (text: string) => number {
  return (text) => {
    const match = /^(\d+\.?\d*|\.\d+)\s*([KMGT]?)(i?)B?$/i.exec(text)
    const unit = (match?.[2] ?? '').toUpperCase()
    const base =
      match?.[3] === undefined || match[3] === '' ? (UNITS.get(unit) ?? 1) : 1024 ** 'KMGT'.indexOf(unit) * 1024
    const bytes = Math.floor(Number(match?.[1]) * base)
    const isSize = match !== null && !(unit === '' && match[3] !== '') && bytes >= 1
    if (!isSize) throw new UsageError(`${option} takes a size such as 512MB, 1GB or 2GiB, not \`${text}\``)
    return bytes
  }
}

/** `3.2 GB`, `64 MB`. */
export function gigabytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} KB`
}
