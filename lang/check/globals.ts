/**
 * The names of the whole model: consts, data, params and sizes, whatever their order in the file. A name is resolved
 * when it is first asked for, so that a const may read data and a size may be a const.
 */
import { sizeNames } from '../ast/size-names.js'
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import { editDistance } from '../suggest.js'
import type { Dim, ModelSymbol, SizeSymbol, SymbolId } from '../typed/types.js'
import { freeSymbols } from '../typed/visit.js'
import type { CheckContext } from './context.js'
import { numericValue } from './ranges.js'
import type { Binding } from './scope.js'
import { constForm } from './size-form.js'
import { checkType, type Declared } from './type-expressions.js'
import { arrayDims } from './value-types.js'

type Declaration = Extract<ast.Statement, { kind: 'declaration' }>
type ConstStatement = Extract<ast.Statement, { kind: 'const' }>

type Global =
  | { readonly kind: 'const'; readonly name: ast.Identifier; readonly statement: ConstStatement }
  | { readonly kind: 'declared'; readonly name: ast.Identifier; readonly statement: Declaration }
  | { readonly kind: 'size'; readonly name: ast.Identifier; readonly ragged: boolean; readonly isSet: boolean }

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'done'; readonly binding: Binding }

export interface Globals {
  find(name: string): Binding | undefined
  names(): readonly string[]
  /** Resolves what nothing has asked for, in order of the file. */
  resolveAll(): void
}

/** Collects the names at the top level of the file; complains about those declared twice. */
export function collectGlobals(ctx: () => CheckContext, file: ast.ModelFile): Globals {
  const globals = new Map<string, Global>()
  const twice: { readonly name: ast.Identifier; readonly earlier: Span }[] = []
  const declare = (global: Global): void => {
    const { name } = global.name
    const earlier = globals.get(name)
    if (earlier === undefined) globals.set(name, global)
    else twice.push({ name: global.name, earlier: earlier.name.span })
  }
  for (const statement of file.statements) {
    if (statement.kind === 'const') declare({ kind: 'const', name: statement.name, statement })
    if (statement.kind === 'declaration' && statement.role !== 'latent')
      for (const { name } of statement.names) declare({ kind: 'declared', name, statement })
  }
  for (const role of ['data', 'param'] as const)
    for (const statement of file.statements)
      if (statement.kind === 'declaration' && statement.role === role && statement.type !== null)
        collectSizes(statement.type, globals)

  const states = new Map<string, State>()
  let depth = 0
  const find = (name: string): Binding | undefined => {
    const global = globals.get(name)
    if (global === undefined) return undefined
    const state = states.get(name) ?? { kind: 'open' }
    if (state.kind === 'done') return state.binding
    if (state.kind === 'busy') {
      reportCycle(ctx(), global.name)
      return { kind: 'broken' }
    }
    if (depth >= maxDepth) {
      reportDepth(ctx(), global.name)
      return { kind: 'broken' }
    }
    states.set(name, { kind: 'busy' })
    depth += 1
    const binding = resolve(ctx(), global, globals)
    depth -= 1
    states.set(name, { kind: 'done', binding })
    return binding
  }
  return {
    find,
    names: () => [...globals.keys()],
    resolveAll: () => {
      for (const { name, earlier } of twice) reportTwice(ctx(), name, earlier)
      for (const name of globals.keys()) find(name)
      warnSimilarSizes(ctx(), globals)
    },
  }
}

/** "`mu` is declared twice." */
export function reportTwice(ctx: CheckContext, name: ast.Identifier, earlier: Span): void {
  ctx.report({
    code: 'E205',
    span: name.span,
    message: `\`${name.name}\` is declared twice`,
    related: [{ span: earlier, message: 'declared here first' }],
  })
}

/** Names that are defined by later names, which are defined by later names, and so on: no more than this. */
const maxDepth = 100

function reportDepth(ctx: CheckContext, name: ast.Identifier): void {
  ctx.report({
    code: 'E241',
    span: name.span,
    message: `more than ${maxDepth} definitions are waiting for \`${name.name}\``,
    help: 'define names above their use',
  })
}

function reportCycle(ctx: CheckContext, name: ast.Identifier): void {
  ctx.report({ code: 'E225', span: name.span, message: `\`${name.name}\` is defined by itself` })
}

/** Names in dimensions that are nothing else are sizes (rule 2). */
function collectSizes(type: ast.TypeExpression, globals: Map<string, Global>): void {
  const add = (name: ast.Identifier, ragged: boolean, isSet: boolean): void => {
    if (!globals.has(name.name)) globals.set(name.name, { kind: 'size', name, ragged, isSet })
  }
  if (type.levelSet !== null) add(type.levelSet, false, true)
  type.dims.forEach((group, g) => {
    group.forEach((size, i) => {
      for (const name of sizeNames(size)) add(name, g > 0 && i === 0 && size.kind === 'name', false)
    })
  })
}

function resolve(ctx: CheckContext, global: Global, globals: ReadonlyMap<string, Global>): Binding {
  switch (global.kind) {
    case 'size':
      return resolveSize(ctx, global, globals)
    case 'const':
      return resolveConst(ctx, global.statement)
    case 'declared':
      return resolveDeclared(ctx, global.name, global.statement)
  }
}

function enter(ctx: CheckContext, symbol: ModelSymbol): Binding {
  ctx.symbols.set(symbol.id, symbol)
  return { kind: 'symbol', symbol }
}

function resolveSize(
  ctx: CheckContext,
  global: Extract<Global, { kind: 'size' }>,
  globals: ReadonlyMap<string, Global>,
): Binding {
  const { name, span } = global.name
  const id = ctx.freshId('size', name)
  const origin = global.isSet ? 'levels' : global.ragged ? 'length' : 'dimension'
  if (global.ragged) {
    const over = raggedOver(ctx, global, globals)
    if (over !== null) ctx.sizeOver.set(id, over)
  }
  const symbol: SizeSymbol = { kind: 'size', id, name, span, origin, rank: ctx.sizeOver.has(id) ? 1 : 0, boundBy: [] }
  return enter(ctx, symbol)
}

/** The dimension before the brackets in which a ragged length stands. */
function raggedOver(
  ctx: CheckContext,
  size: Extract<Global, { kind: 'size' }>,
  globals: ReadonlyMap<string, Global>,
): Dim | null {
  for (const global of globals.values()) {
    if (global.kind !== 'declared' || global.statement.type === null) continue
    const { dims } = global.statement.type
    const group = dims.findIndex((sizes, g) => g > 0 && sizes.some((e) => e.span.start === size.name.span.start))
    const before = group === -1 ? undefined : dims[group - 1]?.at(-1)
    if (before === undefined) continue
    const over = ctx.expression(before, ctx.root)
    return over === null || over.type.dims.length > 0 ? null : { size: over, raggedBy: null }
  }
  return null
}

function resolveConst(ctx: CheckContext, statement: ConstStatement): Binding {
  const value = ctx.expression(statement.value, ctx.root)
  if (value === null) return { kind: 'broken' }
  const unknown = [...freeSymbols(value)].find((id) => {
    const kind = ctx.symbols.get(id)?.kind
    return kind === 'param' || kind === 'latent' || kind === 'let' || ctx.latents.has(id)
  })
  if (unknown !== undefined) {
    const name = unknown.slice(unknown.indexOf(':') + 1)
    ctx.report({
      code: 'E226',
      span: statement.value.span,
      message: `a const is fixed, but \`${name}\` is estimated`,
      help: 'write let instead of const',
    })
    return { kind: 'broken' }
  }
  const id = ctx.freshId('const', statement.name.name)
  ctx.consts.set(id, { number: numericValue(ctx, value), form: constForm(ctx, value) })
  return enter(ctx, { kind: 'const', id, name: statement.name.name, span: statement.name.span, value })
}

function resolveDeclared(ctx: CheckContext, name: ast.Identifier, statement: Declaration): Binding {
  const { role } = statement
  if (role === 'latent') return { kind: 'broken' }
  if (statement.type === null) {
    ctx.report({
      code: 'E222',
      span: name.span,
      message: `\`${name.name}\` has no type`,
      help: `write ${role} ${name.name} : real, or another type`,
    })
    return { kind: 'broken' }
  }
  const id = ctx.freshId(role, name.name)
  const { levelSet } = statement.type
  const declared: Declared = {
    role,
    name: name.name,
    levels: (dims) => (levelSet === null ? ownLevels(ctx, name, dims) : sharedLevels(ctx, levelSet)),
  }
  // A type that several names share is checked for each, but its errors are told once.
  const first = statement.names[0]?.name.name === name.name
  const type = first
    ? checkType(ctx, statement.type, ctx.root, declared)
    : ctx.quietly(() => (statement.type === null ? null : checkType(ctx, statement.type, ctx.root, declared))).value
  if (type === null) return { kind: 'broken' }
  const symbol: ModelSymbol = { kind: role, id, name: name.name, span: name.span, type }
  if (role === 'data') {
    const sizes: SymbolId[] = arrayDims(type).flatMap((d) =>
      d.size.kind === 'ref' && d.size.subscripts.length === 0 ? [d.size.symbol] : [],
    )
    if (type.support.kind === 'category') sizes.push(type.support.levels)
    for (const size of sizes) bind(ctx, size, id)
  }
  return enter(ctx, symbol)
}

function bind(ctx: CheckContext, size: SymbolId, by: SymbolId): void {
  const symbol = ctx.symbols.get(size)
  if (symbol?.kind !== 'size' || symbol.boundBy.includes(by)) return
  const bound: SizeSymbol = { ...symbol, boundBy: [...symbol.boundBy, by] }
  ctx.symbols.set(size, bound)
}

/** The level set of one category: per column where it is a matrix. */
function ownLevels(ctx: CheckContext, name: ast.Identifier, dims: readonly Dim[]): SymbolId {
  const id: SymbolId = `size:levels(${name.name})`
  const column = dims.length === 2 && dims.every((d) => d.raggedBy === null) ? dims[1] : undefined
  if (column !== undefined) ctx.sizeOver.set(id, column)
  const rank = column === undefined ? 0 : 1
  ctx.symbols.set(id, {
    kind: 'size',
    id,
    name: `levels(${name.name})`,
    span: name.span,
    origin: 'levels',
    rank,
    boundBy: [],
  })
  return id
}

function sharedLevels(ctx: CheckContext, set: ast.Identifier): SymbolId | null {
  const binding = ctx.global(set.name)
  if (binding?.kind === 'symbol' && binding.symbol.kind === 'size' && binding.symbol.origin === 'levels')
    return binding.symbol.id
  if (binding?.kind !== 'broken')
    ctx.report({
      code: 'E205',
      span: set.span,
      message: `\`${set.name}\` names a set of levels here, but something else elsewhere`,
      help: 'give the set of levels a name of its own',
    })
  return null
}

/** W501: a size met once that is one edit away from another. */
function warnSimilarSizes(ctx: CheckContext, globals: ReadonlyMap<string, Global>): void {
  const times = new Map<string, number>()
  const words = ctx.source.text.replace(/#[^\n]*/g, '').match(/[A-Za-z_]\w*/g) ?? []
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1)
  const sizes = [...globals.values()].filter((g) => g.kind === 'size')
  if (globals.size > 500) return
  for (const size of sizes) {
    const { name, span } = size.name
    if ((times.get(name) ?? 0) > 1) continue
    const near = [...globals.values()].find((other) => {
      if (other === size || (other.kind !== 'size' && other.kind !== 'const')) return false
      // Names of one letter are all one edit apart: there only the case can be the mistake.
      const long = name.length > 1 && other.name.name.length > 1
      const sameButCase = name.toLowerCase() === other.name.name.toLowerCase()
      return sameButCase || (long && editDistance(name, other.name.name) === 1)
    })
    if (near === undefined) continue
    ctx.report({
      code: 'W501',
      span,
      message: `the size \`${name}\` is met here only; did you mean \`${near.name.name}\`?`,
      related: [{ span: near.name.span, message: `\`${near.name.name}\`` }],
      fix: { title: `write \`${near.name.name}\``, edits: [{ span, text: near.name.name }] },
    })
  }
}
