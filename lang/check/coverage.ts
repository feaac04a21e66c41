/** Each data value has at most one `~` on every path, each latent exactly one (rule 4). */
import type { Span } from '../source.js'
import { userName } from '../typed/print.js'
import { renameDomain } from '../typed/rename.js'
import type { Domain, Subscript, SymbolId, TExpr } from '../typed/types.js'
import { freeSymbols } from '../typed/visit.js'
import type { CheckContext } from './context.js'
import { mustOverlap } from './plates.js'
import { type BranchStep, exclusive, type LatentRecord } from './scope.js'
import { sizeForm } from './size-form.js'
import type { SampleRecord } from './targets.js'
import { wholeNumber } from './value-types.js'

/** One array or part of it that stands on the left of a `~`. */
interface Given {
  readonly symbol: SymbolId
  readonly ref: Extract<TExpr, { kind: 'ref' }>
  readonly record: SampleRecord
  /** What each subscript runs over; 'whole' where a dimension is taken whole, null where that is not known. */
  readonly region: readonly (Domain | 'whole' | null)[]
  readonly variables: readonly (SymbolId | null)[]
}

/** Complains of values that are given twice and of latents that are never given. */
export function checkCoverage(ctx: CheckContext, samples: readonly SampleRecord[]): void {
  const given = samples.flatMap((record) => targetsOf(ctx, record))
  for (const one of given) checkRepeats(ctx, one)
  const shelves = new Map<SymbolId, Shelf>()
  for (const a of given) {
    const shelf: Shelf = shelves.get(a.symbol) ?? { numbered: new Map(), others: [] }
    shelves.set(a.symbol, shelf)
    const number = firstNumber(a)
    const numbered = number === null ? [...shelf.numbered.values()].flat() : (shelf.numbered.get(number) ?? [])
    const b = numbered.find((other) => clash(ctx, other, a)) ?? shelf.others.find((other) => clash(ctx, other, a))
    if (b !== undefined) reportTwiceGiven(ctx, a, b)
    else if (number === null) shelf.others.push(a)
    else shelf.numbered.set(number, [...(shelf.numbered.get(number) ?? []), a])
  }
  const bySymbol = new Map<SymbolId, Given[]>()
  for (const g of given) if (ctx.latents.has(g.symbol)) bySymbol.set(g.symbol, [...(bySymbol.get(g.symbol) ?? []), g])
  for (const latent of ctx.latents.values()) checkLatent(ctx, latent, bySymbol.get(latent.id) ?? [])
}

/** Targets of one symbol: by their first index where it is a number, so that long lists of them stay quick. */
interface Shelf {
  readonly numbered: Map<number, readonly Given[]>
  readonly others: Given[]
}

function firstNumber({ ref }: Given): number | null {
  const [first] = ref.subscripts
  return first?.kind === 'at' && first.index.kind === 'number' ? first.index.value : null
}

function targetsOf(ctx: CheckContext, record: SampleRecord): readonly Given[] {
  const { target } = record.statement
  const refs = target.kind === 'vector' ? target.elements : [target]
  return refs.flatMap((ref) => {
    if (ref.kind !== 'ref' || ctx.symbols.get(ref.symbol)?.kind === 'const') return []
    const indices = ref.subscripts.map((s) => regionOf(ctx, s))
    return [
      {
        symbol: ref.symbol,
        ref,
        record,
        region: indices.map((x) => x.domain),
        variables: indices.map((x) => x.variable),
      },
    ]
  })
}

function regionOf(
  ctx: CheckContext,
  s: Subscript,
): { readonly domain: Domain | 'whole' | null; readonly variable: SymbolId | null } {
  if (s.kind === 'all') return { domain: 'whole', variable: null }
  if (s.kind === 'slice')
    return {
      domain: s.from !== null && s.to !== null ? { kind: 'range', from: s.from, to: s.to } : null,
      variable: null,
    }
  const { index } = s
  if (freeSymbols(index).size === 0) return { domain: { kind: 'range', from: index, to: index }, variable: null }
  if (index.kind === 'ref') {
    const symbol = ctx.symbols.get(index.symbol)
    if (symbol?.kind === 'index') return { domain: symbol.domain, variable: symbol.id }
    if (symbol?.kind === 'const' || symbol?.kind === 'size')
      return { domain: { kind: 'range', from: index, to: index }, variable: null }
  }
  const form = sizeForm(ctx, index)
  const [only] = form.atoms
  const symbol = only === undefined ? undefined : ctx.symbols.get(only[0])
  if (form.atoms.size !== 1 || only?.[1].factor !== 1 || symbol?.kind !== 'index' || symbol.domain.kind !== 'range')
    return { domain: null, variable: null }
  const shift = (e: TExpr): TExpr => {
    if (e.kind === 'number') return wholeNumber(e.value + form.constant, e.span)
    return {
      kind: 'binary',
      operator: '+',
      left: e,
      right: wholeNumber(form.constant, e.span),
      span: e.span,
      type: e.type,
    }
  }
  return {
    domain: { kind: 'range', from: shift(symbol.domain.from), to: shift(symbol.domain.to) },
    variable: symbol.id,
  }
}

/** A loop whose variable is not in the subscripts gives the same value again and again. */
function checkRepeats(ctx: CheckContext, { ref, record, symbol }: Given): void {
  const used = freeSymbols(ref)
  const idle = record.loops.find((loop) => !used.has(loop.id))
  if (idle === undefined) return
  if (ctx.latents.get(symbol)?.failed === true) return
  ctx.report({
    code: 'E217',
    span: ref.span,
    message: `\`${userName(symbol)}\` is given a distribution in every iteration of \`for ${idle.name}\``,
    help: `move it out of that loop, or give it the index ${idle.name}`,
    related: [{ span: idle.span, message: 'the loop' }],
  })
}

function clash(ctx: CheckContext, a: Given, b: Given): boolean {
  if (a.symbol !== b.symbol || exclusive(a.record.path, b.record.path)) return false
  const names = new Map<SymbolId, SymbolId>()
  b.variables.forEach((variable, i) => {
    const other = a.variables[i]
    if (variable !== null && other !== null && other !== undefined) names.set(variable, other)
  })
  const length = Math.max(a.region.length, b.region.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.region[i] ?? (i < a.region.length ? null : 'whole')
    const y = b.region[i] ?? (i < b.region.length ? null : 'whole')
    if (x === null || y === null) return false
    if (x === 'whole' || y === 'whole') continue
    if (!mustOverlap(ctx, x, renameDomain(y, names))) return false
  }
  return true
}

function reportTwiceGiven(ctx: CheckContext, a: Given, b: Given): void {
  const name = userName(a.symbol)
  const differentIfs = a.record.path.length > 0 && b.record.path.length > 0
  const what = a.record.statement.role === 'prior' ? 'priors' : 'distributions'
  ctx.report({
    code: 'E217',
    span: a.ref.span,
    message: `\`${name}\` is given two ${what}`,
    related: [{ span: b.ref.span, message: 'the first' }],
    help: differentIfs ? 'write `else`, so that only one of the two holds' : 'each value has one `~` on every path',
  })
}

function checkLatent(ctx: CheckContext, latent: LatentRecord, given: readonly Given[]): void {
  if (latent.failed || latent.triedGiving) return
  const complain = (span: Span, message: string, help: string): void =>
    ctx.report({ code: 'E218', span, message, help })
  const help = `write latent ${latent.name} ~ …, or put it on the left of a \`~\``
  if (given.length === 0) {
    complain(latent.span, `the latent \`${latent.name}\` has no distribution`, help)
    return
  }
  for (const piece of latent.pieces) {
    const paths = given
      .filter((g) => startsWith(g.record.path, piece.path))
      .map((g) => g.record.path.slice(piece.path.length))
    if (paths.length > 0 && !covered(paths))
      complain(
        piece.span,
        `the latent \`${latent.name}\` has a distribution in some branches only`,
        'give it one in each branch, or declare it within the branch',
      )
  }
}

function startsWith(path: readonly BranchStep[], prefix: readonly BranchStep[]): boolean {
  return prefix.every((step, i) => path[i]?.branchOf === step.branchOf && path[i]?.branch === step.branch)
}

/** Whether these branches together are all there are. */
function covered(paths: readonly (readonly BranchStep[])[]): boolean {
  if (paths.some((path) => path.length === 0)) return true
  const firsts = new Set(paths.map((path) => path[0]?.branchOf))
  for (const branchOf of firsts) {
    const within = (branch: BranchStep['branch']): (readonly BranchStep[])[] =>
      paths.filter((p) => p[0]?.branchOf === branchOf && p[0]?.branch === branch).map((p) => p.slice(1))
    if (covered(within('then')) && covered(within('else'))) return true
  }
  return false
}
