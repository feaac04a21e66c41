import { add, call, caseOf, foldGuard, inverse, logdet, mul, pow, ref, sum } from './build.js'
import type { Expr, Guard, IndexVar, MatrixRef } from './types.js'

/** Immediate sub-expressions, index expressions, guards and domains included. */
export function children(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'num':
    case 'float':
    case 'constant':
    case 'index':
      return []
    case 'ref':
      return e.index
    case 'add':
      return e.terms
    case 'mul':
      return e.factors
    case 'pow':
      return [e.base]
    case 'call':
      return e.args
    case 'sum':
      return [e.index.from, e.index.to, e.body]
    case 'case':
      return [...guardChildren(e.when), e.then, e.otherwise]
    case 'inverse':
      return [e.of.row.to, e.of.element, e.row, e.column]
    case 'logdet':
      return [e.of.row.to, e.of.element]
    case 'probability':
      return e.of.flatMap((i) => [...i.index, i.value])
    case 'expect':
      return [...e.of.flatMap((i) => [...i.index, i.value]), e.body]
    case 'mean':
      return e.index
  }
}

export function guardChildren(g: Guard): readonly Expr[] {
  switch (g.kind) {
    case 'compare':
      return [g.left, g.right]
    case 'and':
    case 'or':
      return [...guardChildren(g.left), ...guardChildren(g.right)]
    case 'not':
      return guardChildren(g.of)
    case 'literal':
      return []
  }
}

/** true where some node, the expression itself included, satisfies the test. */
export function some(e: Expr, test: (node: Expr) => boolean): boolean {
  if (test(e)) return true
  for (const c of children(e)) if (some(c, test)) return true
  return false
}

/** Every node that satisfies the test, outermost first. */
export function collectNodes(e: Expr, test: (node: Expr) => boolean, out: Expr[] = []): readonly Expr[] {
  if (test(e)) out.push(e)
  for (const c of children(e)) collectNodes(c, test, out)
  return out
}

/**
 * Rebuilds an expression with `f` applied to each child; constructors normalise again. Where no child changes, the node
 * itself is returned, so that what is known of it (its key) stays known.
 */
export function mapChildren(e: Expr, f: (child: Expr) => Expr): Expr {
  switch (e.kind) {
    case 'num':
    case 'float':
    case 'constant':
    case 'index':
      return e
    case 'ref': {
      const index = mapList(e.index, f)
      return index === e.index ? e : ref(e.space, e.name, index)
    }
    case 'add': {
      const terms = mapList(e.terms, f)
      return terms === e.terms ? e : add(...terms)
    }
    case 'mul': {
      const factors = mapList(e.factors, f)
      return factors === e.factors ? e : mul(...factors)
    }
    case 'pow': {
      const base = f(e.base)
      return base === e.base ? e : pow(base, e.exponent)
    }
    case 'call': {
      const args = mapList(e.args, f)
      return args === e.args ? e : call(e.fn, ...args)
    }
    case 'sum': {
      const index = mapDomain(e.index, f)
      const body = f(e.body)
      return index === e.index && body === e.body ? e : sum(index, body)
    }
    case 'case': {
      const when = mapGuard(e.when, f)
      const then = f(e.then)
      const otherwise = f(e.otherwise)
      return when === e.when && then === e.then && otherwise === e.otherwise ? e : caseOf(when, then, otherwise)
    }
    case 'inverse': {
      const of = mapMatrix(e.of, f)
      const row = f(e.row)
      const column = f(e.column)
      return of === e.of && row === e.row && column === e.column ? e : inverse(of, row, column)
    }
    case 'logdet': {
      const of = mapMatrix(e.of, f)
      return of === e.of ? e : logdet(of)
    }
    case 'probability':
      return {
        kind: 'probability',
        of: e.of.map((i) => ({ latent: i.latent, index: i.index.map(f), value: f(i.value) })),
      }
    case 'expect':
      return {
        kind: 'expect',
        of: e.of.map((i) => ({ latent: i.latent, index: i.index.map(f), value: f(i.value) })),
        body: f(e.body),
      }
    case 'mean': {
      const index = mapList(e.index, f)
      return index === e.index ? e : { kind: 'mean', latent: e.latent, index }
    }
  }
}

/** The list itself where `f` changes none of its elements. */
function mapList(list: readonly Expr[], f: (e: Expr) => Expr): readonly Expr[] {
  let out: Expr[] | null = null
  for (let i = 0; i < list.length; i++) {
    const e = list[i]
    if (e === undefined) continue
    const mapped = f(e)
    if (out !== null) out.push(mapped)
    else if (mapped !== e) out = [...list.slice(0, i), mapped]
  }
  return out ?? list
}

function mapDomain(v: IndexVar, f: (e: Expr) => Expr): IndexVar {
  const from = f(v.from)
  const to = f(v.to)
  return from === v.from && to === v.to ? v : { ...v, from, to }
}

function mapMatrix(m: MatrixRef, f: (e: Expr) => Expr): MatrixRef {
  const row = mapDomain(m.row, f)
  const column = mapDomain(m.column, f)
  const element = f(m.element)
  return row === m.row && column === m.column && element === m.element ? m : { row, column, element }
}

export function mapGuard(g: Guard, f: (e: Expr) => Expr): Guard {
  switch (g.kind) {
    case 'compare': {
      const left = f(g.left)
      const right = f(g.right)
      return left === g.left && right === g.right ? g : foldGuard({ ...g, left, right })
    }
    case 'and':
    case 'or': {
      const left = mapGuard(g.left, f)
      const right = mapGuard(g.right, f)
      return left === g.left && right === g.right ? g : foldGuard({ kind: g.kind, left, right })
    }
    case 'not': {
      const of = mapGuard(g.of, f)
      return of === g.of ? g : foldGuard({ kind: 'not', of })
    }
    case 'literal':
      return g
  }
}

/** Bottom-up rewriting, one pass: children first, then `f` once on the rebuilt node. */
export const rewrite = (e: Expr, f: (node: Expr) => Expr): Expr => f(mapChildren(e, (c) => rewrite(c, f)))

/** Replaces index variables by expressions. */
export function substituteIndex(e: Expr, by: ReadonlyMap<string, Expr>): Expr {
  if (by.size === 0) return e
  return rewrite(e, (node) => (node.kind === 'index' ? (by.get(node.var) ?? node) : node))
}

const indicesFound = new WeakMap<Expr, ReadonlySet<string>>()
const NONE: ReadonlySet<string> = new Set()

/** Ids of the index variables that occur free. */
export function freeIndices(e: Expr): ReadonlySet<string> {
  const known = indicesFound.get(e)
  if (known !== undefined) return known
  const out = new Set<string>()
  const take = (part: Expr, ...bound: readonly string[]): void => {
    for (const i of freeIndices(part)) if (!bound.includes(i)) out.add(i)
  }
  if (e.kind === 'index') out.add(e.var)
  else if (e.kind === 'sum') {
    take(e.index.from)
    take(e.index.to)
    take(e.body, e.index.id)
  } else if (e.kind === 'inverse' || e.kind === 'logdet') {
    take(e.of.element, e.of.row.id, e.of.column.id)
    take(e.of.row.to)
    if (e.kind === 'inverse') {
      take(e.row)
      take(e.column)
    }
  } else for (const c of children(e)) take(c)
  const free = out.size === 0 ? NONE : out
  indicesFound.set(e, free)
  return free
}
