/** Names for the reader: arrays as the user wrote them, index letters that do not clash, names for recurring sums. */
import { call, idx, ref } from '../algebra/build.js'
import { printText } from '../algebra/print-text.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { children, freeIndices, rewrite } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { BindTable } from '../graph/types.js'
import type { Facts } from './facts.js'
import { type Symbols, symbolsOf } from './symbols.js'

/** Everything about names in one derivation. */
export interface Notation {
  readonly derivation: Derivation
  readonly facts: Facts
  /** Single letters that arrays have: an index gets another one. */
  readonly taken: ReadonlySet<string>
  /** Letters of the user's own loops. */
  readonly own: ReadonlySet<string>
  /** Present where posterior probabilities of one latent are written r. */
  readonly responsibility: string | null
  readonly sumName: string
  /** Letters for what the E-step computes. */
  readonly symbols: Symbols
}

export function notationOf(d: Derivation): Notation {
  const arrays = new Set(d.model.symbols.flatMap((s) => (s.kind === 'index' ? [] : [s.name])))
  const discrete = d.graph.latents.filter((l) => l.kind === 'discrete')
  const [only] = discrete
  const symmetric = new Set(
    d.params.filter((p) => p.support === 'covariance' || p.support === 'correlation').map((p) => p.name),
  )
  const own = new Set(d.model.symbols.flatMap((s) => (s.kind === 'index' ? [s.name] : [])))
  const { symbols, used } = symbolsOf(d, new Set([...arrays, ...own]))
  return {
    derivation: d,
    symbols,
    facts: {
      latents: new Map(d.graph.latents.map((l) => [l.name, l])),
      constraints: d.graph.constraints,
      symmetric,
      isNonnegative: d.collectOptions.isNonnegative,
    },
    taken: new Set([...arrays, ...used]),
    own,
    responsibility:
      discrete.length === 1 && only !== undefined && !arrays.has('r') && (d.maxProduct === null || isAlone(d))
        ? only.name
        : null,
    sumName: ['N', 'S', 'C'].find((letter) => !isWritten(d, letter)) ?? 'N',
  }
}

/** true where the rows of the discrete latent do not depend on one another: hard mode gives its indicator a letter then. */
const isAlone = ({ eStep }: Derivation): boolean => eStep.tables.every((t) => t.chain === null && t.parent === null)

/** true where a name of the model reads as this letter with an index, the number of rows apart. */
const isWritten = (d: Derivation, letter: string): boolean =>
  d.model.symbols.some(
    ({ name, kind }) => kind !== 'index' && ((name === letter && kind !== 'size') || name.startsWith(`${letter}_`)),
  )

/** Sizes, consts and numbers computed from data under the names that the user knows. */
export function present(e: Expr, notation: Notation): Expr {
  const { symbols } = notation.derivation.model
  const tables = notation.derivation.graph.bindTables
  return rewrite(e, (n) => {
    if (n.kind === 'ref' && n.space === 'table') return reference(n)
    if (n.kind !== 'ref' || (n.space !== 'size' && n.space !== 'const')) return n
    const [id, largest] = n.name.split('#')
    const symbol = symbols.find((s) => s.id === id)
    if (symbol !== undefined && largest === 'max') return call('max', ref(n.space, sizeName(symbol.name, notation)))
    if (symbol !== undefined) return ref(n.space, sizeName(symbol.name, notation), n.index)
    const table = tables.find((t) => t.name === n.name)
    return table === undefined ? n : ref('const', tableName(table, notation), n.index)
  })
}

/** x⁰ for the reference point of a half-observed array x. */
function reference(e: Extract<Expr, { kind: 'ref' }>): Expr {
  const of = /^reference (.+)$/.exec(e.name)?.[1]
  return of === undefined ? e : { ...e, name: `${of}^0` }
}

/** L_y for the number of levels of y. */
export function sizeName(name: string, notation: Notation): string {
  const of = /^levels\((\w+)\)$/.exec(name)?.[1]
  return of === undefined || notation.taken.has('L') ? name : `L_${of}`
}

function tableName(t: BindTable, notation: Notation): string {
  switch (t.compute.kind) {
    case 'const':
      return t.compute.name.replace(/^const:/, '')
    case 'given':
      return t.compute.name
    case 'label':
      return `“${t.compute.label}”`
    case 'nodes':
      return t.compute.part === 'place' ? 'z' : 'w'
    case 'pattern':
      return t.compute.part === 'number' ? 'pattern' : 'row'
    case 'reduction': {
      const value = present(t.compute.value, notation)
      return `${t.compute.fn}(${value.kind === 'ref' ? value.name : printText(value)})`
    }
  }
}

const SPARE = ['i', 'j', 'l', 'm', 'u', 'v', 'w', 's', 't', 'a', 'b', 'c'] as const

/**
 * One letter per index variable, no two alike where both are in scope and none that is the name of an array. The user's
 * loop letters stay; others take the small letter of their size (d for D, k for K) or the next one that is free.
 */
export function withLetters(e: Expr, notation: Notation, free: ReadonlyMap<string, string> = new Map()): Expr {
  const letters = new Map(free)
  const used = new Set(free.values())
  const choose = (
    v: { readonly id: string; readonly name: string; readonly to: Expr },
    inScope: ReadonlySet<string>,
  ): string => {
    const candidates = [
      ...(notation.own.has(v.name) ? [v.name] : []),
      ...letterOfSize(v.to),
      ...(v.name.length === 1 ? [v.name] : []),
      ...SPARE,
    ]
    return (
      candidates.find((c) => !inScope.has(c) && (!notation.taken.has(c) || notation.own.has(c)) && c !== 'r') ?? v.name
    )
  }
  const go = (x: Expr, by: ReadonlyMap<string, string>): Expr => {
    const scope = new Set(by.values())
    switch (x.kind) {
      case 'index':
        return { ...x, name: by.get(x.var) ?? x.name }
      case 'sum': {
        const name = choose({ ...x.index, to: present(x.index.to, notation) }, scope)
        const inner = new Map([...by, [x.index.id, name]])
        return {
          kind: 'sum',
          index: { ...x.index, name, from: go(x.index.from, by), to: go(x.index.to, by) },
          body: go(x.body, inner),
        }
      }
      case 'inverse':
      case 'logdet': {
        const row = choose(x.of.row, scope)
        const column = choose(x.of.column, new Set([...scope, row]))
        const inner = new Map([...by, [x.of.row.id, row], [x.of.column.id, column]])
        const of = {
          row: { ...x.of.row, name: row },
          column: { ...x.of.column, name: column },
          element: go(x.of.element, inner),
        }
        return x.kind === 'logdet'
          ? { kind: 'logdet', of }
          : { kind: 'inverse', of, row: go(x.row, by), column: go(x.column, by) }
      }
      case 'ref':
        return { ...x, index: x.index.map((i) => go(i, by)) }
      case 'add':
        return { kind: 'add', terms: x.terms.map((t) => go(t, by)) }
      case 'mul':
        return { kind: 'mul', factors: x.factors.map((t) => go(t, by)) }
      case 'pow':
        return { ...x, base: go(x.base, by) }
      case 'call':
        return { ...x, args: x.args.map((t) => go(t, by)) }
      case 'case':
        return { kind: 'case', when: guard(x.when, by), then: go(x.then, by), otherwise: go(x.otherwise, by) }
      case 'probability':
        return {
          kind: 'probability',
          of: x.of.map((i) => ({ ...i, index: i.index.map((y) => go(y, by)), value: go(i.value, by) })),
        }
      case 'expect':
        return {
          kind: 'expect',
          of: x.of.map((i) => ({ ...i, index: i.index.map((y) => go(y, by)), value: go(i.value, by) })),
          body: go(x.body, by),
        }
      case 'mean':
        return { ...x, index: x.index.map((y) => go(y, by)) }
      default:
        return x
    }
  }
  const guard = (g: Guard, by: ReadonlyMap<string, string>): Guard => {
    switch (g.kind) {
      case 'compare':
        return { ...g, left: go(g.left, by), right: go(g.right, by) }
      case 'and':
      case 'or':
        return { kind: g.kind, left: guard(g.left, by), right: guard(g.right, by) }
      case 'not':
        return { kind: 'not', of: guard(g.of, by) }
      case 'literal':
        return g
    }
  }
  // free variables that the caller did not name keep their letter, or the next one that is free
  const visit = (x: Expr): void => {
    if (x.kind === 'index' && freeIndices(e).has(x.var) && !letters.has(x.var)) {
      const name = choose({ id: x.var, name: x.name, to: idx({ id: '', name: '', from: x, to: x }) }, used)
      letters.set(x.var, name)
      used.add(name)
    }
    children(x).forEach(visit)
  }
  visit(e)
  return go(e, letters)
}

/** Letters for the variables of a target, in order: they stand on both sides of its formula. */
export function lettersFor(vars: readonly IndexVar[], notation: Notation): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  for (const v of vars) {
    const used = new Set(out.values())
    const candidates = [
      ...(notation.own.has(v.name) ? [v.name] : []),
      ...letterOfSize(present(v.to, notation)),
      ...(v.name.length === 1 ? [v.name] : []),
      ...SPARE,
    ]
    out.set(
      v.id,
      candidates.find((c) => !used.has(c) && (!notation.taken.has(c) || notation.own.has(c)) && c !== 'r') ?? v.name,
    )
  }
  return out
}

/** d for D, k for K or K + 1. */
function letterOfSize(to: Expr): readonly string[] {
  const size = to.kind === 'add' ? to.terms.find((t) => t.kind === 'ref') : to
  if (size?.kind !== 'ref') return []
  const name = size.name.replace(/^(size|const):/, '')
  return /^[A-Z]$/.test(name) ? [name.toLowerCase()] : []
}
