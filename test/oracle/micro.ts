/** Micro-data for tests: nested arrays of numbers and labels, null where missing, bound to a checked model. */
import { check } from '../../lang/check.js'
import type { SizeSymbol, TypedModel } from '../../lang/typed/types.js'
import { ground } from '../../oracle/ground.js'
import type { Ground } from '../../oracle/ground-types.js'
import type { OracleArray, OracleData, Value, Values } from '../../oracle/types.js'
import { signatures } from '../lang/signatures.js'

export type Raw = number | string | boolean | null | readonly Raw[]

export function typed(text: string): TypedModel {
  const { value, diagnostics } = check({ name: 'test.estep', text }, signatures)
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message} ${d.help ?? ''}`).join('\n'))
  return value
}

export function grounded(text: string, data: Readonly<Record<string, Raw>>, consts: Values = new Map()): Ground {
  const model = typed(text)
  return ground(model, bindMicro(model, data), consts)
}

export function values(entries: Readonly<Record<string, Value>>): Values {
  return new Map(Object.entries(entries))
}

function isList(raw: Raw): raw is readonly Raw[] {
  return Array.isArray(raw)
}

function leaves(raw: Raw): (number | string | boolean | null)[] {
  return isList(raw) ? raw.flatMap(leaves) : [raw]
}

export function bindMicro(model: TypedModel, raw: Readonly<Record<string, Raw>>): OracleData {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const size = (id: string): SizeSymbol | null => {
    const s = symbols.get(id)
    return s?.kind === 'size' ? s : null
  }
  const sizes = new Map<string, number>()
  const lengths = new Map<string, number[]>()
  const pools = new Map<string, Set<string>[]>()
  const data = model.symbols.flatMap((s) => (s.kind === 'data' ? [{ symbol: s, raw: raw[s.name] ?? null }] : []))
  for (const { symbol, raw: given } of data) {
    if (symbol.type.support.kind === 'category') {
      const set = size(symbol.type.support.levels)
      if (set === null) throw new Error('no level set')
      const columns = set.rank === 1 ? columnsOf(given) : [leaves(given)]
      const pool = pools.get(set.name) ?? columns.map(() => new Set<string>())
      columns.forEach((cells, j) => {
        for (const c of cells) if (c !== null) pool[j]?.add(String(c))
      })
      pools.set(set.name, pool)
    }
  }
  const levels = new Map([...pools].map(([name, sets]) => [name, sets.map((s) => [...s].sort())]))
  for (const [name, lists] of levels) if (lists.length === 1) sizes.set(name, lists[0]?.length ?? 0)
  const arrays = new Map<string, OracleArray>()
  for (const { symbol, raw: given } of data) {
    const dims = [...symbol.type.batch, ...symbol.type.core]
    const ragged = dims.some((d) => d.raggedBy !== null)
    const shape: number[] = []
    let level: Raw = given
    for (const d of dims) {
      if (!isList(level)) throw new Error(`${symbol.name} has too few dimensions`)
      const named = d.size.kind === 'ref' ? size(d.size.symbol) : null
      if (d.raggedBy === null && named?.origin === 'dimension') sizes.set(named.name, level.length)
      shape.push(level.length)
      level = level[0] ?? null
    }
    const set = symbol.type.support.kind === 'category' ? size(symbol.type.support.levels) : null
    const lists = set === null ? [] : (levels.get(set.name) ?? [])
    const last = shape.at(-1) ?? 1
    const cells = leaves(given).map((c, i) => {
      if (set !== null) return c === null ? -1 : (lists[set.rank === 1 ? i % last : 0] ?? []).indexOf(String(c))
      return c === null ? Number.NaN : Number(c)
    })
    let offsets: number[] | null = null
    if (ragged && isList(given)) {
      const counts = given.map((row) => (isList(row) ? row.length : 0))
      offsets = [0]
      for (const n of counts) offsets.push((offsets.at(-1) ?? 0) + n)
      shape[1] = offsets.at(-1) ?? 0
      for (const d of dims) {
        const named = d.size.kind === 'ref' ? size(d.size.symbol) : null
        if (d.raggedBy !== null && named !== null) lengths.set(named.name, counts)
      }
    }
    arrays.set(symbol.name, { values: cells, shape, offsets })
  }
  return { sizes, lengths, arrays, levels }
}

function columnsOf(raw: Raw): (number | string | boolean | null)[][] {
  if (!isList(raw)) return []
  const first = raw[0]
  const count = first !== undefined && isList(first) ? first.length : 0
  return Array.from({ length: count }, (_, j) => raw.flatMap((row) => (isList(row) ? leaves(row[j] ?? null) : [])))
}
