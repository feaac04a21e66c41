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
  return test(e) || children(e).some((c) => some(c, test))
}

/** Every node that satisfies the test, outermost first. */
export function collectNodes(e: Expr, test: (node: Expr) => boolean, out: Expr[] = []): readonly Expr[] {
  if (test(e)) out.push(e)
  for (const c of children(e)) collectNodes(c, test, out)
  return out
}

/** Rebuilds an expression with `f` applied to each child; constructors normalise again. */
export function mapChildren(e: Expr, f: (child: Expr) => Expr): Expr {
  switch (e.kind) {
    case 'num':
    case 'float':
    case 'constant':
    case 'index':
      return e
    case 'ref':
      return e.index.length === 0 ? e : ref(e.space, e.name, e.index.map(f))
    case 'add':
      return add(...e.terms.map(f))
    case 'mul':
      return mul(...e.factors.map(f))
    case 'pow':
      return pow(f(e.base), e.exponent)
    case 'call':
      return call(e.fn, ...e.args.map(f))
    case 'sum':
      return sum(mapDomain(e.index, f), f(e.body))
    case 'case':
      return caseOf(mapGuard(e.when, f), f(e.then), f(e.otherwise))
    case 'inverse':
      return inverse(mapMatrix(e.of, f), f(e.row), f(e.column))
    case 'logdet':
      return logdet(mapMatrix(e.of, f))
    case 'probability':
      return { kind: 'probability', of: e.of.map((i) => ({ latent: i.latent, index: i.index.map(f), value: f(i.value) })) }
    case 'mean':
      return { kind: 'mean', latent: e.latent, index: e.index.map(f) }
  }
}

const mapDomain = (v: IndexVar, f: (e: Expr) => Expr): IndexVar => ({ ...v, from: f(v.from), to: f(v.to) })
const mapMatrix = (m: MatrixRef, f: (e: Expr) => Expr): MatrixRef => ({
  row: mapDomain(m.row, f),
  column: mapDomain(m.column, f),
  element: f(m.element),
})

export function mapGuard(g: Guard, f: (e: Expr) => Expr): Guard {
  switch (g.kind) {
    case 'compare':
      return foldGuard({ ...g, left: f(g.left), right: f(g.right) })
    case 'and':
    case 'or':
      return foldGuard({ ...g, left: mapGuard(g.left, f), right: mapGuard(g.right, f) })
    case 'not':
      return foldGuard({ kind: 'not', of: mapGuard(g.of, f) })
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

/** Ids of the index variables that occur free. */
export function freeIndices(e: Expr, out: Set<string> = new Set()): Set<string> {
  if (e.kind === 'index') out.add(e.var)
  else if (e.kind === 'sum') {
    freeIndices(e.index.from, out)
    freeIndices(e.index.to, out)
    const inner = freeIndices(e.body)
    inner.delete(e.index.id)
    for (const i of inner) out.add(i)
  } else if (e.kind === 'inverse' || e.kind === 'logdet') {
    const inner = freeIndices(e.of.element)
    inner.delete(e.of.row.id)
    inner.delete(e.of.column.id)
    for (const i of inner) out.add(i)
    freeIndices(e.of.row.to, out)
    if (e.kind === 'inverse') {
      freeIndices(e.row, out)
      freeIndices(e.column, out)
    }
  } else for (const c of children(e)) freeIndices(c, out)
  return out
}
