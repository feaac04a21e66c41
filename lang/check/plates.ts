/** The plates of a latent: one domain for each index of rule 3, united over the pieces of its declaration. */
import type { Span } from '../source.js'
import { sameDomain } from '../typed/equal.js'
import { renameDomain } from '../typed/rename.js'
import type { Dim, Domain, SymbolId, TExpr } from '../typed/types.js'
import { freeSymbols } from '../typed/visit.js'
import type { CheckContext } from './context.js'
import { exclusive, type LatentPiece, type LatentRecord, type LoopFrame } from './scope.js'
import { constantDifference, wholeValue } from './size-form.js'
import { dim, scalar, wholeNumber } from './value-types.js'

/** The loop that a plate follows, or null where its written index is a constant. */
export function plateLoops(piece: LatentPiece): readonly (LoopFrame | null)[] {
  return [...piece.unwritten, ...piece.written.map((w) => (w.kind === 'loop' ? w.loop : null))]
}

/** Domain of each plate of one piece, in the index variables of the first piece. */
function pieceDomains(piece: LatentPiece, first: LatentPiece): readonly Domain[] {
  const names = new Map<SymbolId, SymbolId>()
  const firstLoops = plateLoops(first)
  plateLoops(piece).forEach((loop, i) => {
    const target = firstLoops[i]
    if (loop !== null && target !== null && target !== undefined) names.set(loop.id, target.id)
  })
  return [
    ...piece.unwritten.map((loop) => renameDomain(loop.domain, names)),
    ...piece.written.map((w): Domain => {
      if (w.kind === 'constant') return { kind: 'range', from: w.value, to: w.value }
      const domain = renameDomain(w.loop.domain, names)
      if (w.offset === 0 || domain.kind === 'levels') return domain
      return { kind: 'range', from: shifted(domain.from, w.offset), to: shifted(domain.to, w.offset) }
    }),
  ]
}

function shifted(e: TExpr, by: number): TExpr {
  if (e.kind === 'number') return wholeNumber(e.value + by, e.span)
  const right = wholeNumber(Math.abs(by), e.span)
  return { kind: 'binary', operator: by > 0 ? '+' : '-', left: e, right, span: e.span, type: scalar('int') }
}

/** Adds a piece and brings the plates up to date; complains where it cannot belong to the others. */
export function addPiece(ctx: CheckContext, record: LatentRecord, piece: LatentPiece): boolean {
  const first = record.pieces[0] ?? piece
  const complain = (message: string, help: string): boolean => {
    ctx.report({
      code: 'E228',
      span: piece.span,
      message,
      help,
      related: [{ span: record.span, message: 'declared here first' }],
    })
    record.failed = true
    return false
  }
  if (piece.unwritten.length !== first.unwritten.length || piece.written.length !== first.written.length)
    return complain(
      `\`${record.name}\` is declared again, with another number of indices`,
      'give the second latent a name of its own: names of latents can be seen outside of their block',
    )
  const domains = pieceDomains(piece, first)
  for (const other of record.pieces) {
    const otherDomains = pieceDomains(other, first)
    const u = piece.unwritten.length
    if (!domains.slice(0, u).every((d, i) => sameAs(d, otherDomains[i])))
      return complain(
        `\`${record.name}\` is declared again, in a loop over another range`,
        'the pieces of a latent stand in loops over the same ranges; else give the second latent a name of its own',
      )
    if (!exclusive(piece.path, other.path) && domains.every((d, i) => mustOverlap(ctx, d, otherDomains[i])))
      return complain(`\`${record.name}\` is declared twice`, 'the pieces of a latent are over ranges without overlap')
  }
  record.pieces.push(piece)
  const boxes = mergeBoxes(
    ctx,
    record.pieces.map((p) => pieceDomains(p, first)),
  )
  record.plates = boxes.length === 1 ? (boxes[0] ?? []) : hull(ctx, boxes)
  record.plateDims = plateDims(ctx, record)
  return true
}

/** After the whole file: the pieces must make one block without gaps. */
export function checkGaps(ctx: CheckContext, record: LatentRecord): void {
  const first = record.pieces[0]
  if (first === undefined || record.failed) return
  const boxes = mergeBoxes(
    ctx,
    record.pieces.map((p) => pieceDomains(p, first)),
  )
  if (boxes.length <= 1) return
  ctx.report({
    code: 'E228',
    span: record.pieces[record.pieces.length - 1]?.span ?? record.span,
    message: `the pieces of \`${record.name}\` leave a gap between their ranges`,
    help: 'declare it over ranges that join, such as z[1] and then z[t] for t in 2..T',
  })
}

function sameAs(a: Domain, b: Domain | undefined): boolean {
  return b !== undefined && sameDomain(a, b)
}

function mergeBoxes(ctx: CheckContext, pieces: readonly (readonly Domain[])[]): readonly (readonly Domain[])[] {
  // the pieces of two branches are one
  let boxes: readonly (readonly Domain[])[] = pieces.filter(
    (a, i) => !pieces.slice(0, i).some((b) => a.every((d, place) => sameAs(d, b[place]))),
  )
  for (;;) {
    const joined = joinOnce(ctx, boxes)
    if (joined === null) return boxes
    boxes = joined
  }
}

function joinOnce(ctx: CheckContext, boxes: readonly (readonly Domain[])[]): (readonly Domain[])[] | null {
  for (const [i, a] of boxes.entries()) {
    for (const [j, b] of boxes.entries()) {
      if (i === j) continue
      const joined = joinBoxes(ctx, a, b)
      if (joined !== null) return [...boxes.filter((_, k) => k !== i && k !== j), joined]
    }
  }
  return null
}

/** a then b as one box, where they differ in one place only and b begins there right after the end of a. */
function joinBoxes(ctx: CheckContext, a: readonly Domain[], b: readonly Domain[]): readonly Domain[] | null {
  const differing = a.flatMap((d, i) => (sameAs(d, b[i]) ? [] : [i]))
  const place = differing[0]
  if (differing.length === 0) return a
  if (differing.length > 1 || place === undefined) return null
  const x = a[place]
  const y = b[place]
  if (x?.kind !== 'range' || y?.kind !== 'range' || constantDifference(ctx, y.from, x.to) !== 1) return null
  const joined: Domain = { kind: 'range', from: x.from, to: y.to }
  return a.map((d, i) => (i === place ? joined : d))
}

/** Domains that certainly share a value. */
export function mustOverlap(ctx: CheckContext, a: Domain, b: Domain | undefined): boolean {
  if (b === undefined) return false
  if (a.kind !== 'range' || b.kind !== 'range') return sameDomain(a, b)
  const before = constantDifference(ctx, a.from, b.to)
  const after = constantDifference(ctx, b.from, a.to)
  if (sameDomain(a, b)) return true
  if (before !== null && after !== null) return before <= 0 && after <= 0
  const sameStart = constantDifference(ctx, a.from, b.from) === 0
  const sameEnd = constantDifference(ctx, a.to, b.to) === 0
  return sameStart || sameEnd
}

/** While pieces are still missing: from the least start to the end of the last piece. */
function hull(ctx: CheckContext, boxes: readonly (readonly Domain[])[]): readonly Domain[] {
  const first = boxes[0] ?? []
  return first.map((domain, i): Domain => {
    let result = domain
    for (const box of boxes) {
      const other = box[i]
      if (other?.kind !== 'range' || result.kind !== 'range') continue
      const isFirst = (constantDifference(ctx, other.from, result.from) ?? 0) < 0
      const isLast = wholeValue(ctx, result.to) !== null && wholeValue(ctx, other.to) === null
      result = { kind: 'range', from: isFirst ? other.from : result.from, to: isLast ? other.to : result.to }
    }
    return result
  })
}

/** Dimensions of the plates: the upper end of a range (positions count from 1), or the number of levels. */
function plateDims(ctx: CheckContext, record: LatentRecord): readonly Dim[] {
  const loops = record.pieces.map(plateLoops)
  const dims: Dim[] = []
  record.plates.forEach((domain, place) => {
    const size = domainSize(ctx, domain, record.span)
    const free = freeSymbols(size)
    const by = dims.findIndex((_, i) => loops.some((l) => free.has(l[i]?.id ?? '')))
    const frame = by === -1 ? undefined : loops.map((l) => l[by]).find((l) => l !== null && free.has(l?.id ?? ''))
    dims[place] = frame === undefined || frame === null ? dim(size) : { size: overLoop(size, frame), raggedBy: by }
  })
  return dims
}

/** How far a domain reaches, as a size. */
export function domainSize(ctx: CheckContext, domain: Domain, span: Span): TExpr {
  if (domain.kind === 'range') return domain.to
  const symbol = ctx.symbols.get(domain.levels)
  const type = scalar('int', { kind: 'count' })
  const rank1 = symbol?.kind === 'size' && symbol.rank === 1
  const subscripts = rank1 && domain.column !== null ? [{ kind: 'at' as const, index: domain.column }] : []
  return { kind: 'ref', symbol: domain.levels, subscripts, span, type }
}

/** One size per value of the loop's index: `T` for `T[r]`, else a comprehension. */
function overLoop(size: TExpr, frame: LoopFrame): TExpr {
  const { span } = size
  const loopDim = frame.domain.kind === 'range' ? [dim(frame.domain.to)] : []
  const type = { ...size.type, dims: loopDim }
  if (size.kind === 'ref') {
    const only = size.subscripts[0]
    if (
      size.subscripts.length === 1 &&
      only?.kind === 'at' &&
      only.index.kind === 'ref' &&
      only.index.symbol === frame.id
    )
      return { ...size, subscripts: [], type }
  }
  return { kind: 'comprehension', index: frame.id, domain: frame.domain, body: size, span, type }
}
