/** Other spellings of a model file: parse → change the syntax tree → print. */
import type {
  DistributionArgument,
  DistributionExpression,
  DomainExpression,
  Expression,
  Identifier,
  ModelFile,
  Statement,
  SubscriptExpression,
  TypeExpression,
} from '../../lang/ast/types.js'
import { headerText, statementText } from '../../lang/format/statement.js'
import { parse } from '../../lang/syntax/parse.js'

const nowhere = { start: 0, end: 0 }
const reserved = new Set([
  'model',
  'const',
  'data',
  'param',
  'latent',
  'let',
  'observe',
  'fn',
  'for',
  'in',
  'if',
  'else',
  'and',
  'or',
  'not',
  'true',
  'false',
])

export const name = (n: string): Expression => ({ kind: 'name', name: n, span: nowhere })
export const number = (text: string): Expression => ({ kind: 'number', value: Number(text), text, span: nowhere })
export const binary = (operator: '+' | '-' | '*' | '/' | '^', left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
  span: nowhere,
})
export const grouped = (of: Expression): Expression =>
  ['name', 'number', 'subscript', 'call', 'parenthesised'].includes(of.kind)
    ? of
    : { kind: 'parenthesised', of, span: nowhere }
export const called = (callee: string, ...args: readonly Expression[]): Expression => ({
  kind: 'call',
  callee: identifier(callee),
  arguments: args,
  span: nowhere,
})
export const identifier = (n: string): Identifier => ({ name: n, span: nowhere })

export function read(text: string): ModelFile {
  const { value, diagnostics } = parse({ name: 'model.estep', text })
  if (value === undefined || diagnostics.some((d) => d.severity === 'error'))
    throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return value
}

export function print(file: ModelFile): string {
  const block = (body: readonly Statement[], depth: number): readonly string[] => body.flatMap((s) => lines(s, depth))
  const lines = (s: Statement, depth: number): readonly string[] => {
    const pad = '  '.repeat(depth)
    if (s.kind === 'for') return [`${pad}${headerText(s)} {`, ...block(s.body, depth + 1), `${pad}}`]
    if (s.kind === 'if') {
      const otherwise = s.otherwise === null ? [] : [`${pad}else {`, ...block(s.otherwise, depth + 1), `${pad}}`]
      return [`${pad}${headerText(s)} {`, ...block(s.then, depth + 1), `${pad}}`, ...otherwise]
    }
    return [`${pad}${statementText(s)}`]
  }
  return `${[`model ${file.name?.name ?? 'Model'}`, ...block(file.statements, 0)].join('\n')}\n`
}

/** What is done to the parts of a tree, each after its children. */
export interface Rewriter {
  readonly expression?: (e: Expression) => Expression
  readonly distribution?: (d: DistributionExpression) => DistributionExpression
  /** Names that are the user's: declared, loop variables, parameters of functions, level sets. */
  readonly binder?: (i: Identifier) => Identifier
  readonly type?: (t: TypeExpression) => TypeExpression
}

export function rewriteFile(file: ModelFile, by: Rewriter): ModelFile {
  return {
    ...file,
    name: file.name === null || by.binder === undefined ? file.name : by.binder(file.name),
    statements: file.statements.map((s) => rewriteStatement(s, by)),
  }
}

export function rewriteStatement(s: Statement, by: Rewriter): Statement {
  const e = (x: Expression): Expression => rewriteExpression(x, by)
  const b = (i: Identifier): Identifier => (by.binder === undefined ? i : by.binder(i))
  const d = (x: DistributionExpression): DistributionExpression => rewriteDistribution(x, by)
  switch (s.kind) {
    case 'const':
    case 'let':
      return { ...s, name: b(s.name), value: e(s.value) }
    case 'declaration':
      return {
        ...s,
        names: s.names.map((n) => ({ name: b(n.name), indices: n.indices.map(e) })),
        type: s.type === null ? null : rewriteType(s.type, by),
        distribution: s.distribution === null ? null : d(s.distribution),
      }
    case 'fn':
      return { ...s, name: b(s.name), parameters: s.parameters.map(b), body: e(s.body) }
    case 'sample':
      return { ...s, target: e(s.target), distribution: d(s.distribution) }
    case 'observe':
      return {
        ...s,
        fact:
          s.fact.kind === 'equation'
            ? { ...s.fact, left: e(s.fact.left), right: e(s.fact.right) }
            : { ...s.fact, condition: e(s.fact.condition) },
      }
    case 'for':
      return {
        ...s,
        index: b(s.index),
        domain: rewriteDomain(s.domain, by),
        weight: s.weight === null ? null : e(s.weight),
        body: s.body.map((x) => rewriteStatement(x, by)),
      }
    case 'if':
      return {
        ...s,
        condition: e(s.condition),
        then: s.then.map((x) => rewriteStatement(x, by)),
        otherwise: s.otherwise === null ? null : s.otherwise.map((x) => rewriteStatement(x, by)),
      }
  }
}

function rewriteType(t: TypeExpression, by: Rewriter): TypeExpression {
  const e = (x: Expression): Expression => rewriteExpression(x, by)
  const made: TypeExpression = {
    ...t,
    levelSet: t.levelSet === null || by.binder === undefined ? t.levelSet : by.binder(t.levelSet),
    dims: t.dims.map((g) => g.map(e)),
    interval: t.interval === null ? null : { ...t.interval, low: e(t.interval.low), high: e(t.interval.high) },
  }
  return by.type === undefined ? made : by.type(made)
}

function rewriteDomain(d: DomainExpression, by: Rewriter): DomainExpression {
  return d.kind === 'range'
    ? { ...d, from: rewriteExpression(d.from, by), to: rewriteExpression(d.to, by) }
    : { ...d, set: rewriteExpression(d.set, by) }
}

function rewriteDistribution(d: DistributionExpression, by: Rewriter): DistributionExpression {
  const argument = (a: DistributionArgument): DistributionArgument => {
    if (a.kind === 'expression') return { ...a, value: rewriteExpression(a.value, by) }
    if (a.kind === 'distribution') return { ...a, value: rewriteDistribution(a.value, by) }
    return {
      ...a,
      value: rewriteDistribution(a.value, by),
      index: by.binder === undefined ? a.index : by.binder(a.index),
      domain: rewriteDomain(a.domain, by),
    }
  }
  const made = { ...d, arguments: d.arguments.map(argument) }
  return by.distribution === undefined ? made : by.distribution(made)
}

export function rewriteExpression(x: Expression, by: Rewriter): Expression {
  const e = (y: Expression): Expression => rewriteExpression(y, by)
  const subscript = (s: SubscriptExpression): SubscriptExpression =>
    s.kind === 'at'
      ? { ...s, index: e(s.index) }
      : s.kind === 'slice'
        ? { ...s, from: s.from === null ? null : e(s.from), to: s.to === null ? null : e(s.to) }
        : s
  const inside = (): Expression => {
    switch (x.kind) {
      case 'number':
      case 'string':
      case 'bool':
      case 'name':
      case 'missing':
        return x
      case 'subscript':
        return { ...x, of: e(x.of), subscripts: x.subscripts.map(subscript) }
      case 'call':
        return { ...x, arguments: x.arguments.map(e) }
      case 'unary':
      case 'parenthesised':
        return { ...x, of: e(x.of) }
      case 'binary':
        return { ...x, left: e(x.left), right: e(x.right) }
      case 'conditional':
        return { ...x, then: e(x.then), condition: e(x.condition), otherwise: e(x.otherwise) }
      case 'vector':
        return { ...x, elements: x.elements.map(e) }
      case 'comprehension':
        return {
          ...x,
          body: e(x.body),
          index: by.binder === undefined ? x.index : by.binder(x.index),
          domain: rewriteDomain(x.domain, by),
        }
    }
  }
  const made = inside()
  return by.expression === undefined ? made : by.expression(made)
}

/** Every name that the user made up: declared ones, loop variables, sizes, the model's own. */
export function ownNames(file: ModelFile): ReadonlySet<string> {
  const out = new Set<string>()
  rewriteFile(file, {
    binder: (i) => {
      out.add(i.name)
      return i
    },
    type: (t) => {
      for (const x of t.dims.flat()) if (x.kind === 'name') out.add(x.name)
      return t
    },
  })
  return out
}

/** All names of the user replaced. */
export function renameAll(file: ModelFile, to: ReadonlyMap<string, string>): ModelFile {
  const renamed = (n: string): string => to.get(n) ?? n
  return rewriteFile(file, {
    binder: (i) => ({ ...i, name: renamed(i.name) }),
    expression: (e) =>
      e.kind === 'name'
        ? { ...e, name: renamed(e.name) }
        : e.kind === 'call'
          ? { ...e, callee: { ...e.callee, name: renamed(e.callee.name) } }
          : e,
  })
}

/** Names that nothing suggests a meaning for. */
export function randomNames(names: Iterable<string>, random: () => number): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  const taken = new Set<string>(reserved)
  for (const n of names) {
    let made = ''
    while (made === '' || taken.has(made))
      made = Array.from({ length: 6 }, () => 'bcdfghjklmnpqrstvwxyz'[Math.floor(random() * 21)] ?? 'q').join('')
    taken.add(made)
    out.set(n, made)
  }
  return out
}

/** Names that a statement needs to be there before it, and those that it makes. */
function uses(s: Statement): { readonly reads: ReadonlySet<string>; readonly makes: ReadonlySet<string> } {
  const reads = new Set<string>()
  const makes = new Set<string>()
  const by: Rewriter = {
    expression: (e) => {
      if (e.kind === 'name') reads.add(e.name)
      if (e.kind === 'call') reads.add(e.callee.name)
      return e
    },
    type: (t) => {
      if (t.levelSet !== null) makes.add(t.levelSet.name)
      for (const x of t.dims.flat()) if (x.kind === 'name') makes.add(x.name)
      return t
    },
  }
  const declared = (x: Statement): void => {
    if (x.kind === 'const' || x.kind === 'let' || x.kind === 'fn') makes.add(x.name.name)
    else if (x.kind === 'declaration') for (const n of x.names) makes.add(n.name.name)
    else if (x.kind === 'for') x.body.forEach(declared)
    else if (x.kind === 'if') for (const y of [...x.then, ...(x.otherwise ?? [])]) declared(y)
  }
  rewriteStatement(s, by)
  declared(s)
  return { reads, makes }
}

/** Another order in which everything still stands after what it reads. Sizes belong to the first declaration that has them. */
export function shuffleStatements(statements: readonly Statement[], random: () => number): readonly Statement[] {
  const rest = statements.map((s) => ({
    s:
      s.kind === 'for'
        ? { ...s, body: shuffleStatements(s.body, random) }
        : s.kind === 'if'
          ? {
              ...s,
              then: shuffleStatements(s.then, random),
              otherwise: s.otherwise === null ? null : shuffleStatements(s.otherwise, random),
            }
          : s,
    ...uses(s),
    isData: s.kind === 'declaration' && s.role === 'data',
    isConst: s.kind === 'const',
  }))
  const out: Statement[] = []
  while (rest.length > 0) {
    const ready = rest.filter((a, i) => {
      const makers = rest.filter((b) => b !== a)
      const blocked = makers.some((b) => [...a.reads].some((r) => b.makes.has(r)) && !(a.isData && b.isData))
      // data before what reads its sizes; consts before dimensions that name them
      const size = makers.some(
        (b) =>
          (b.isConst || b.isData) && !a.isConst && !(a.isData && b.isData) && [...a.makes].some((m) => b.makes.has(m)),
      )
      // two statements on the same name keep their order
      const earlier = rest.slice(0, i).some((b) => [...b.makes].some((m) => a.reads.has(m)))
      return !blocked && !size && !earlier
    })
    const chosen = ready[Math.floor(random() * ready.length)] ?? rest[0]
    if (chosen === undefined) break
    out.push(chosen.s)
    rest.splice(rest.indexOf(chosen), 1)
  }
  return out
}

/**
 * Each loop with several statements becomes two: the second begins after the last latent that is declared and has
 * another letter; what the first one declares is read there with its index written. The weight stays where latents are.
 */
export function splitLoops(file: ModelFile): ModelFile {
  return {
    ...file,
    statements: file.statements.flatMap((s): readonly Statement[] => (s.kind === 'for' ? splitLoop(s) : [s])),
  }
}

function splitLoop(s: Extract<Statement, { kind: 'for' }>): readonly Statement[] {
  const made = new Set<string>()
  const hasLatents = s.body.some((x) => x.kind === 'declaration' && x.role === 'latent')
  let last = -1
  s.body.forEach((x, i) => {
    if (x.kind === 'let' || (x.kind === 'declaration' && x.role === 'latent')) last = i
    if (x.kind === 'let') made.add(x.name.name)
    if (x.kind === 'declaration') for (const n of x.names) if (n.indices.length === 0) made.add(n.name.name)
  })
  const cut = last >= 0 ? last + 1 : 1
  if (cut >= s.body.length) return [s]
  // a weight is written with the letter of its loop, which stays where the weight does
  const keepsWeight = !hasLatents && s.weight !== null
  const letter = keepsWeight ? s.index.name : `${s.index.name}2`
  const second = s.body.slice(cut).map((x) =>
    rewriteStatement(x, {
      expression: (e) => {
        if (e.kind !== 'name') return e
        if (e.name === s.index.name) return { ...e, name: letter }
        return made.has(e.name)
          ? { kind: 'subscript', of: e, subscripts: [{ kind: 'at', index: name(letter) }], span: nowhere }
          : e
      },
    }),
  )
  const weight = keepsWeight ? s.weight : null
  return [
    { ...s, body: s.body.slice(0, cut) },
    { ...s, index: identifier(letter), weight, body: second },
  ]
}
