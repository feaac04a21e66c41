import type { Expr, Guard, Indicator, MatrixRef } from './types.js'

const memo = new WeakMap<Expr, string>()

/** A text that two expressions share exactly when they are the same up to the names of bound variables' domains. */
export function keyOf(e: Expr): string {
  const known = memo.get(e)
  if (known !== undefined) return known
  const key = make(e)
  memo.set(e, key)
  return key
}

function make(e: Expr): string {
  switch (e.kind) {
    case 'num':
      return e.value.d === 1 ? `${e.value.n}` : `${e.value.n}/${e.value.d}`
    case 'float':
      return `f${e.value}`
    case 'constant':
      return `@${e.name}`
    case 'index':
      return `$${e.var}`
    case 'ref':
      return `${e.space}.${JSON.stringify(e.name)}[${keysOf(e.index)}]`
    case 'add':
      return `(+ ${[...e.terms.map(keyOf)].sort().join(' ')})`
    case 'mul':
      return `(* ${[...e.factors.map(keyOf)].sort().join(' ')})`
    case 'pow':
      return `(^ ${keyOf(e.base)} ${e.exponent.n}/${e.exponent.d})`
    case 'call':
      return `(${e.fn} ${keysOf(e.args)})`
    case 'sum':
      return `(sum ${e.index.id} ${keyOf(e.index.from)} ${keyOf(e.index.to)} ${keyOf(e.body)})`
    case 'case':
      return `(if ${guardKey(e.when)} ${keyOf(e.then)} ${keyOf(e.otherwise)})`
    case 'inverse':
      return `(inv ${matrixKey(e.of)} ${keyOf(e.row)} ${keyOf(e.column)})`
    case 'logdet':
      return `(logdet ${matrixKey(e.of)})`
    case 'probability':
      return `(P ${indicatorsKey(e.of)})`
    case 'expect':
      return `(E ${indicatorsKey(e.of)} ${keyOf(e.body)})`
    case 'mean':
      return `(E ${e.latent}[${keysOf(e.index)}])`
  }
}

const indicatorsKey = (of: readonly Indicator[]): string =>
  of
    .map((i) => `${i.latent}[${keysOf(i.index)}]=${keyOf(i.value)}`)
    .sort()
    .join(' ')

const keysOf = (es: readonly Expr[]): string => es.map(keyOf).join(',')

/** Key of a matrix, independent of the names of its row and column variables. */
export function matrixKey(m: MatrixRef): string {
  return `{${keyOf(m.row.to)} ${keyOf(renamed(m.element, m.row.id, m.column.id))}}`
}

/** The element with row and column variables under fixed names. Rebuilt without normalising, so that keys stay plain. */
function renamed(e: Expr, row: string, column: string): Expr {
  const go = (x: Expr): Expr => {
    switch (x.kind) {
      case 'index':
        return x.var === row
          ? { kind: 'index', var: '#row', name: 'i' }
          : x.var === column
            ? { kind: 'index', var: '#column', name: 'j' }
            : x
      case 'num':
      case 'float':
      case 'constant':
        return x
      case 'ref':
        return { ...x, index: x.index.map(go) }
      case 'add':
        return { ...x, terms: x.terms.map(go) }
      case 'mul':
        return { ...x, factors: x.factors.map(go) }
      case 'pow':
        return { ...x, base: go(x.base) }
      case 'call':
        return { ...x, args: x.args.map(go) }
      case 'sum':
        return { ...x, index: { ...x.index, from: go(x.index.from), to: go(x.index.to) }, body: go(x.body) }
      case 'case':
        return { ...x, when: goGuard(x.when), then: go(x.then), otherwise: go(x.otherwise) }
      case 'inverse':
        return { ...x, of: { ...x.of, element: go(x.of.element) }, row: go(x.row), column: go(x.column) }
      case 'logdet':
        return { ...x, of: { ...x.of, element: go(x.of.element) } }
      case 'probability':
        return { ...x, of: x.of.map((i) => ({ ...i, index: i.index.map(go), value: go(i.value) })) }
      case 'expect':
        return {
          ...x,
          of: x.of.map((i) => ({ ...i, index: i.index.map(go), value: go(i.value) })),
          body: go(x.body),
        }
      case 'mean':
        return { ...x, index: x.index.map(go) }
    }
  }
  const goGuard = (g: Guard): Guard => {
    switch (g.kind) {
      case 'compare':
        return { ...g, left: go(g.left), right: go(g.right) }
      case 'and':
      case 'or':
        return { ...g, left: goGuard(g.left), right: goGuard(g.right) }
      case 'not':
        return { ...g, of: goGuard(g.of) }
      case 'literal':
        return g
    }
  }
  return go(e)
}

export function guardKey(g: Guard): string {
  switch (g.kind) {
    case 'compare':
      return `(${g.operator} ${keyOf(g.left)} ${keyOf(g.right)})`
    case 'and':
    case 'or':
      return `(${g.kind} ${guardKey(g.left)} ${guardKey(g.right)})`
    case 'not':
      return `(not ${guardKey(g.of)})`
    case 'literal':
      return String(g.value)
  }
}
