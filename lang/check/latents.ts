/** `latent z ~ D`, `latent z[t] ~ D`, `latent f : real[Q] ~ D`, `latent a, b : count` (rule 3). */
import type * as ast from '../ast/types.js'
import type { DistributionSignature } from '../signature.js'
import type { ArrayType, Subscript, TExpr, TStatement, ValueType } from '../typed/types.js'
import { freeSymbols } from '../typed/visit.js'
import { type CheckContext, type CheckedDistribution, textAt } from './context.js'
import { reportTwice } from './globals.js'
import { addPiece } from './plates.js'
import { latentDims, loopIndex } from './references.js'
import { findName, type LatentPiece, type LatentRecord, type Scope, type WrittenIndex } from './scope.js'
import { sizeForm } from './size-form.js'
import { checkType } from './type-expressions.js'
import { arrayValue, coreRank } from './value-types.js'

type Declaration = Extract<ast.Statement, { kind: 'declaration' }>
type SampleStatement = Extract<TStatement, { kind: 'sample' }>

/** Declares the latents of one statement; a statement for each that has a distribution. */
export function declareLatents(ctx: CheckContext, statement: Declaration, scope: Scope): readonly SampleStatement[] {
  return statement.names.flatMap((declared, i) => {
    const declareOne = (): readonly SampleStatement[] => declareLatent(ctx, statement, declared, scope, i === 0)
    return declareOne()
  })
}

function declareLatent(
  ctx: CheckContext,
  statement: Declaration,
  { name, indices }: ast.DeclaredName,
  scope: Scope,
  first: boolean,
): readonly SampleStatement[] {
  const record = openRecord(ctx, name, scope)
  const written = indices.map((index) => writtenIndex(ctx, index, scope))
  const typeOnce = (): ArrayType | null =>
    statement.type === null
      ? null
      : checkType(ctx, statement.type, scope, {
          role: 'latent',
          name: name.name,
          levels: () => namedLevels(ctx, statement.type?.levelSet ?? null),
        })
  const type = first ? typeOnce() : ctx.quietly(typeOnce).value
  if (record === null) return []
  if (written.includes(null) || (type === null && statement.type !== null)) {
    record.failed = true
    return []
  }
  const good = written.filter((w): w is WrittenIndex => w !== null)
  const used = new Set(good.flatMap((w) => (w.kind === 'loop' ? [w.loop.id] : [])))
  const piece: LatentPiece = {
    unwritten: scope.loops.filter((loop) => !used.has(loop.id)),
    written: good,
    span: name.span,
    path: scope.path,
  }
  if (!addPiece(ctx, record, piece)) return []
  if (type !== null && record.value === null) record.value = type
  if (statement.distribution === null) return []
  const text = textAt(ctx, { start: name.span.start, end: indices.at(-1)?.span.end ?? name.span.end })
  const wholeText = indices.length > 0 ? `${text}]` : text
  return latentSample(ctx, record, piece, statement.distribution, scope, statement.span, wholeText)
}

/** `latent … ~ D`: the type follows from D where it is not written. */
function latentSample(
  ctx: CheckContext,
  record: LatentRecord,
  piece: LatentPiece,
  d: ast.DistributionExpression,
  scope: Scope,
  span: ast.Identifier['span'],
  text: string,
): readonly SampleStatement[] {
  if (record.value === null && !inferValue(ctx, record, d, scope, text)) return []
  const target = pieceTarget(ctx, record, piece)
  const checked = ctx.distribution(d, scope, { target, text, role: 'latent', symbol: record.id })
  if (checked === null || target === null) {
    record.triedGiving = true
    return []
  }
  return [{ kind: 'sample', span: ctx.spanOf(span), role: 'latent', target, distribution: checked.distribution }]
}

/** Finds the type of a latent from its distribution. It may mention itself (`z[t-1]`), then as a number at first. */
export function inferValue(
  ctx: CheckContext,
  record: LatentRecord,
  d: ast.DistributionExpression,
  scope: Scope,
  text: string,
): boolean {
  const expected = { target: null, text, role: 'latent' as const, symbol: record.id }
  const signature = ctx.distributions.get(innermostName(d))
  record.value = provisional(signature)
  const quiet = ctx.quietly(() => ctx.distribution(d, scope, expected))
  const found: CheckedDistribution | null = quiet.value ?? ctx.distribution(d, scope, expected)
  if (found === null) {
    record.triedGiving = true
    // A number is a fair guess for what follows; of a vector nothing is known.
    if (signature === undefined || signature.value.rank > 0) record.failed = true
    return false
  }
  record.value = arrayOf(found.value)
  return true
}

function innermostName(d: ast.DistributionExpression): string {
  const nested = d.arguments.find((a) => a.kind !== 'expression')
  return nested === undefined ? d.name.name : innermostName(nested.value)
}

function provisional(signature: DistributionSignature | undefined): ArrayType {
  const kind = signature?.value.support ?? 'real'
  const support =
    kind === 'category' || coreRank(kind) > 0
      ? ({ kind: signature?.value.discrete === true ? 'int' : 'real' } as const)
      : { kind }
  return { support, batch: [], core: [], optional: false }
}

function arrayOf(value: ValueType): ArrayType {
  const support = value.support ?? { kind: 'real' }
  const core = coreRank(support.kind)
  const split = value.dims.length - core
  return { support, batch: value.dims.slice(0, split), core: value.dims.slice(split), optional: false }
}

/** The current iteration's element: every index explicit. */
function pieceTarget(ctx: CheckContext, record: LatentRecord, piece: LatentPiece): TExpr | null {
  if (record.value === null) return null
  const at = (index: TExpr): Subscript => ({ kind: 'at', index })
  const subscripts = [
    ...piece.unwritten.map((loop) => at(loopIndex(ctx, loop, piece.span))),
    ...piece.written.map((w) => at(w.kind === 'constant' ? w.value : w.expression)),
  ]
  const own = arrayValue(record.value)
  const dims = latentDims(record, record.value).slice(subscripts.length)
  const shifted = dims.map((d) => ({ ...d, raggedBy: d.raggedBy === null ? null : d.raggedBy - subscripts.length }))
  return { kind: 'ref', symbol: record.id, subscripts, span: ctx.spanOf(piece.span), type: { ...own, dims: shifted } }
}

function openRecord(ctx: CheckContext, name: ast.Identifier, scope: Scope): LatentRecord | null {
  const existing = findName(scope, name.name)
  if (existing?.kind === 'latent') return existing.record
  const global = existing ?? ctx.global(name.name)
  if (global !== undefined) {
    const earlier =
      global.kind === 'symbol' ? global.symbol.span : global.kind === 'let' ? global.record.span : name.span
    if (global.kind !== 'broken') reportTwice(ctx, name, earlier)
    scope.names.set(name.name, { kind: 'broken' })
    return null
  }
  const id = ctx.freshId('latent', name.name)
  const record: LatentRecord = {
    id,
    name: name.name,
    span: name.span,
    pieces: [],
    value: null,
    plates: [],
    plateDims: [],
    failed: false,
    triedGiving: false,
  }
  ctx.latents.set(id, record)
  scope.names.set(name.name, { kind: 'latent', record })
  return record
}

function namedLevels(ctx: CheckContext, set: ast.Identifier | null): string | null {
  if (set === null) return null
  const binding = ctx.global(set.name)
  if (binding?.kind === 'symbol' && binding.symbol.kind === 'size' && binding.symbol.origin === 'levels')
    return binding.symbol.id
  ctx.report({
    code: 'E201',
    span: set.span,
    message: `there is no set of levels \`${set.name}\``,
    help: `name it where data is declared: category(${set.name})`,
  })
  return null
}

/** `1`, `t`, `t + 1`; anything else cannot say which elements are declared. */
function writtenIndex(ctx: CheckContext, index: ast.Expression, scope: Scope): WrittenIndex | null {
  const value = ctx.expression(index, scope)
  if (value === null) return null
  const complain = (): null => {
    ctx.report({
      code: 'E238',
      span: index.span,
      message: 'the index of a declared latent is a number, a loop variable, or a loop variable plus or minus a number',
    })
    return null
  }
  if (value.type.element !== 'int' || value.type.dims.length > 0) return complain()
  const free = freeSymbols(value)
  const loops = scope.loops.filter((loop) => free.has(loop.id))
  const [loop] = loops
  if (loop === undefined) {
    const isFixed = [...free].every(
      (id) => !ctx.latents.has(id) && ['const', 'size'].includes(ctx.symbols.get(id)?.kind ?? ''),
    )
    return isFixed ? { kind: 'constant', value } : complain()
  }
  const form = sizeForm(ctx, value)
  const isShift = loops.length === 1 && form.atoms.size === 1 && form.atoms.get(loop.id)?.factor === 1
  return isShift ? { kind: 'loop', loop, offset: form.constant, expression: value } : complain()
}
