/** The expectations of continuous latents that the M-step reads, each as a formula in the numbers of the posterior. */
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, freeIndices } from '../algebra/visit.js'
import { scopeAt } from '../estep/block-layout.js'
import { expandExpectation, blockOf as holderOf } from '../estep/expectation.js'
import type { ContinuousBlock } from '../estep/types.js'
import { shownNumbers } from './block-names.js'
import { canonicalKey } from './canonical-key.js'
import { equation, type Formula, type FormulaContext } from './print.js'
import { simplify } from './simplify.js'

type Expectation = Extract<Expr, { kind: 'expect' }>

/** The expectations that stand in expressions, each once. */
export function demandedIn(es: readonly Expr[], c: FormulaContext): readonly Expectation[] {
  const out = new Map<string, Expectation>()
  for (const e of es) {
    const bound = boundIndices(e)
    for (const n of collectNodes(simplify(e, c.notation.facts), (x) => x.kind === 'expect'))
      if (n.kind === 'expect') {
        const key = shapeKey(n, bound)
        if (!out.has(key)) out.set(key, n)
      }
  }
  return [...out.values()]
}

const boundIndices = (e: Expr): ReadonlyMap<string, IndexVar> =>
  new Map(
    collectNodes(e, (n) => n.kind === 'sum').flatMap((n) => (n.kind === 'sum' ? [[n.index.id, n.index] as const] : [])),
  )

/** The same for expectations that differ in the names of indices. */
function shapeKey(n: Expectation, bound: ReadonlyMap<string, IndexVar>): string {
  const free = [...freeIndices(n)]
  const whole = free.reduceRight<Expr>((e, id) => {
    const v = bound.get(id)
    const one: Expr = { kind: 'num', value: { n: 1, d: 1 } }
    return { kind: 'sum', index: v ?? { id, name: id, from: one, to: one }, body: e }
  }, n)
  return canonicalKey(whole).replaceAll(/#\d+/g, '#')
}

/** The lines of the moments that belong to one block. */
export function momentLines(
  b: ContinuousBlock,
  demanded: readonly Expectation[],
  c: FormulaContext,
): readonly Formula[] {
  const d = c.notation.derivation
  const seen = new Map<string, Formula>()
  for (const e of demanded) {
    const [cell] = collectNodes(e.body, (n) => n.kind === 'ref' && n.space === 'latent')
    if (cell?.kind !== 'ref' || holderOf(cell.name, d.eStep) !== b) continue
    const right = simplify(
      expandExpectation(e, { plan: d.eStep, collecting: d.collectOptions, numbers: shownNumbers(c.notation) }),
      c.notation.facts,
    )
    const line = momentLine(b, e, cell, right, c)
    if (!seen.has(line.text)) seen.set(line.text, line)
  }
  return [...seen.values()]
}

function momentLine(
  b: ContinuousBlock,
  e: Expectation,
  cell: Extract<Expr, { kind: 'ref' }>,
  right: Expr,
  c: FormulaContext,
): Formula {
  const row = cell.index.slice(0, b.loops.length)
  const whole =
    e.of.length > 0 &&
    b.scope.every((s) => {
      const key = scopeAt(b, s, row).map(keyOf).join(',')
      return e.of.some((i) => i.latent === s.latent.name && i.index.map(keyOf).join(',') === key)
    })
  // given all that the posterior depends on, its probability stands on both sides
  const shown = whole ? withoutProbability(right, e) : right
  const vars = variablesOf(e, b)
  const over = coordinatesOf(e, b)
  return equation({ left: e, right: shown, indices: vars, over }, whole ? { ...c, given: 'conditional' } : c)
}

function withoutProbability(right: Expr, e: Expectation): Expr {
  const own = keyOf({ kind: 'probability', of: e.of })
  const strip = (x: Expr): Expr => {
    if (x.kind === 'add') return { kind: 'add', terms: x.terms.map(strip) }
    if (keyOf(x) === own) return { kind: 'num', value: { n: 1, d: 1 } }
    if (x.kind !== 'mul') return x
    const rest = x.factors.filter((f) => keyOf(f) !== own)
    const [only] = rest
    return rest.length === 1 && only !== undefined ? only : { kind: 'mul', factors: rest }
  }
  return strip(right)
}

/** The free indices of an expectation, with what is known of their ranges. */
function variablesOf(e: Expectation, b: ContinuousBlock): readonly IndexVar[] {
  const free = freeIndices(e)
  const known = new Map<string, IndexVar>()
  const learn = (id: string, like: IndexVar | undefined): void => {
    if (like !== undefined && free.has(id) && !known.has(id)) known.set(id, { ...like, id })
  }
  for (const n of collectNodes(e, (x) => x.kind === 'ref' && x.space === 'latent')) {
    if (n.kind !== 'ref') continue
    const latent = b.latents.find((l) => l.latent.name === n.name)?.latent
    const all = latent === undefined ? [] : [...latent.loops.map((l) => l.index), ...latent.own]
    n.index.forEach((i, p) => {
      if (i.kind === 'index') learn(i.var, all[p])
    })
  }
  for (const i of e.of) {
    const value = b.scope.find((s) => s.latent.name === i.latent)?.value
    if (i.value.kind === 'index') learn(i.value.var, value)
  }
  return [...known.values()]
}

/** The coordinates among them that are written as a vector or a matrix. */
function coordinatesOf(e: Expectation, b: ContinuousBlock): readonly string[] {
  const out: string[] = []
  for (const n of collectNodes(e.body, (x) => x.kind === 'ref' && x.space === 'latent')) {
    if (n.kind !== 'ref') continue
    const latent = b.latents.find((l) => l.latent.name === n.name)?.latent
    const last = n.index.at(-1)
    if (
      latent !== undefined &&
      latent.own.length > 0 &&
      last?.kind === 'index' &&
      freeIndices(e).has(last.var) &&
      !out.includes(last.var)
    )
      out.push(last.var)
  }
  return out.slice(0, 2)
}
