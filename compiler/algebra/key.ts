import type { Expr, Guard, IndexVar, MatrixRef } from './types.js'

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
      return `(P ${e.of.map((i) => `${i.latent}[${keysOf(i.index)}]=${keyOf(i.value)}`).sort().join(' ')})`
    case 'mean':
      return `(E ${e.latent}[${keysOf(e.index)}])`
  }
}

const keysOf = (es: readonly Expr[]): string => es.map(keyOf).join(',')

/** Key of a matrix, independent of the names of its row and column variables. */
export function matrixKey(m: MatrixRef): string {
  const rename = (v: IndexVar, to: string) => [`$${v.id}`, `$${to}`] as const
  let text = keyOf(m.element)
  for (const [from, to] of [rename(m.row, '#row'), rename(m.column, '#col')]) text = text.split(from).join(to)
  return `{${keyOf(m.row.to)} ${text}}`
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
