/**
 * A factorised posterior → kernel operations: the update of each factor given the others, the evidence lower bound
 *
 *   E_q log p(data, latents) + H(q) = log Z of the factor updated last + E_q of the terms that it does not read
 *                                     + Σ entropies of the other factors,
 *
 * and what the numbers of q are, which are kept from one iteration to the next. Under max-product each factor of discrete
 * latents has all of its mass at its most probable values given the others, jointly, and no entropy: iterated conditional modes by
 * blocks (Besag 1986, J. R. Stat. Soc. B 48, section 2.5). At an inverse temperature β the entropies of discrete latents are
 * divided by β. Of draws each factor is drawn given the others as they were drawn, one sweep of a Gibbs sampler by blocks (Geman and
 * Geman 1984); the "bound" is then log p(data, all latents but those of the last factor).
 */
import { add, caseOf, compare, idx, mul, num, ONE, ref, ZERO } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { scopeAt } from '../estep/block-layout.js'
import { messageOf } from '../estep/continuous.js'
import { expectationIn } from '../estep/expectation.js'
import { axesOf, pointsOf } from '../estep/moments.js'
import { weightOf } from '../estep/plan.js'
import { naturalOf } from '../estep/posterior-numbers.js'
import { logSpread, timesOfSpread } from '../estep/spread.js'
import type { ConjugateBlock, EStepPlan, Factorisation, GaussianBlock, PosteriorFactor } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import { k } from '../kernel/index.js'
import type { KernelOp } from '../kernel/types.js'
import { qTerm } from '../mstep/plan.js'
import { addToObjective } from './buffers.js'
import { type ContinuousLowering, type LoweredBlock, logVolume, unknownCells } from './continuous.js'
import type { EStepLowering, LoweredTable } from './e-step.js'
import { firstStates } from './first-states.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import type { Posterior } from './m-step.js'
import type { Product } from './max-product.js'
import type { FactorisedProgram } from './program.js'

export interface FactorisedInput {
  readonly plan: EStepPlan
  readonly factorised: Factorisation
  readonly lifted: readonly LiftedFactor[]
  readonly lowerer: Lowerer
  readonly eStep: EStepLowering
  readonly continuous: ContinuousLowering
  readonly posterior: Posterior
  readonly tables: readonly LoweredTable[]
  readonly blocks: readonly LoweredBlock[]
  readonly collecting: Omit<CollectOptions, 'inU'>
  readonly product: Product
}

export interface LoweredFactorised {
  readonly updates: FactorisedProgram['updates']
  readonly given: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
}

/** Updates and bound. What else the program needs is found once all of its readers are lowered: `finishFactorised`. */
export function lowerFactorised(input: FactorisedInput): LoweredFactorised {
  const { factorised, lowerer, plan } = input
  const last = factorised.factors.at(-1)
  if (last === undefined) throw new Error('a factorised posterior without factors')
  const objective: KernelOp[] = []
  const entropies = new Map<string, readonly KernelOp[]>()
  for (const f of factorised.factors) {
    const tables = input.tables.filter((t) => f.tables.includes(t.table.id))
    const blocks = input.blocks.filter((b) => f.blocks.includes(b.block.id))
    if (f === last) {
      objective.push(...tables.flatMap((t) => t.objective), ...blocks.flatMap((b) => b.objective))
      continue
    }
    for (const { block } of input.product === 'draw' ? [] : blocks) {
      if (block.kind === 'nodes') throw new Error('a factor of q by quadrature')
      objective.push(...entropyOfBlock(block, input))
    }
    // at single values there is none
    if (input.product !== 'sum') continue
    if (tables.some((t) => t.table.chain !== null)) {
      const kept = entropyByNormaliser(f, tables, input)
      entropies.set(f.id, kept.ops)
      objective.push(...addToObjective([], k.load(kept.buffer)))
    } else for (const t of tables) objective.push(...input.eStep.entropy(t.table))
  }
  const ofLast = new Set(last.latents)
  for (const f of input.lifted) {
    const read = [...f.variables.map((v) => v.latent.name), ...f.continuous.map((c) => c.latent.name)]
    if (read.length === 0 || f.factor.role === 'prior' || read.some((n) => ofLast.has(n))) continue
    objective.push(...expectedTerm(f, input))
  }
  const updates = factorised.factors.map((f) => {
    const tables = plan.tables.flatMap((t) => input.tables.filter((x) => x.table === t && f.tables.includes(t.id)))
    const blocks = input.blocks.filter((b) => f.blocks.includes(b.block.id))
    return {
      factor: f.id,
      tables,
      blocks,
      ops: [
        ...blocks.flatMap((b) => [...b.posterior, ...b.normaliser]),
        ...tables.flatMap((t) => t.up),
        ...[...tables].reverse().flatMap((t) => t.down),
        ...blocks.flatMap((b) => b.drawn),
        ...(entropies.get(f.id) ?? []),
      ],
    }
  })
  lowerer.buffer({ id: 'loglik', space: 'sum', type: 'f64', shape: [] })
  return {
    updates: updates.map((u) => ({ factor: u.factor, ops: u.ops })),
    given: input.tables.flatMap((t) => t.given),
    objective,
  }
}

/** E_q of a factor of the model, added to the bound. */
function expectedTerm(f: LiftedFactor, { lowerer, posterior }: FactorisedInput): readonly KernelOp[] {
  const { loops, body } = unsummed(qTerm(f), f.factor.loops.length)
  const { axes, context } = lowerer.loops(loops, { vars: new Map(), at: 'param', ...posterior })
  return addToObjective(axes, lowerer.expr(body, context))
}

function unsummed(e: Expr, most: number): { readonly loops: readonly IndexVar[]; readonly body: Expr } {
  const loops: IndexVar[] = []
  let body = e
  while (loops.length < most && body.kind === 'sum') {
    loops.push(body.index)
    body = body.body
  }
  return { loops, body }
}

/** H(q) of a block, given the discrete latents of its scope and over them. */
function entropyOfBlock(b: GaussianBlock | ConjugateBlock, input: FactorisedInput): readonly KernelOp[] {
  const { lowerer, collecting, posterior } = input
  const row = b.loops.map((l) => idx(l.index))
  const value =
    b.kind === 'gaussian'
      ? overScope(b, row, (values) => gaussianEntropy(b, row, values, collecting.rename))
      : mul(num(-1), conjugateLogDensity(b, row, input))
  const rows = lowerer.loops(
    b.loops.map((l) => l.index),
    { vars: new Map(), at: 'param', ...posterior },
  )
  const weight = weightOf(b.loops)
  return addToObjective(rows.axes, lowerer.expr(weight === null ? value : mul(weight, value), rows.context))

  function overScope(
    block: GaussianBlock | ConjugateBlock,
    at: readonly Expr[],
    f: (values: readonly Expr[]) => Expr,
  ): Expr {
    if (block.scope.length === 0) return f([])
    const values = block.scope.map((s) => collecting.rename(s.value))
    const of = block.scope.map((s, i) => ({
      latent: s.latent.name,
      index: scopeAt(block, s, at),
      value: idx(values[i] ?? s.value),
    }))
    return values.reduceRight<Expr>(
      (e, v) => ({ kind: 'sum', index: v, body: e }),
      mul({ kind: 'probability', of }, f(values.map((v) => idx(v)))),
    )
  }
}

/** ½ d log 2π − ½ log det Λ + ½ d; of a precision s^p Λ, less ½ p d E[log s], of a matrix U and r vectors ½ p r E[log |U|]. */
function gaussianEntropy(
  b: GaussianBlock,
  row: readonly Expr[],
  values: readonly Expr[],
  rename: CollectOptions['rename'],
): Expr {
  const cells = unknownCells(b, row, values)
  const own = add(logVolume(b, row, values), mul(num(1, 2), cells))
  if (b.given === null) return own
  const { power, block } = b.given
  const logOf = block.family.moment(logSpread(block), [], naturalOf(block, row, values), axesOf(block, rename))
  if (logOf === null) throw new Error(`a spread with a ${block.family.title} posterior has no ${logSpread(block)}`)
  return add(own, mul(num(-power, 2), timesOfSpread(block, b, cells), logOf))
}

/** E_q log q(u | scope) of a conjugate block: its log density is linear in statistics that have moments. */
function conjugateLogDensity(b: ConjugateBlock, row: readonly Expr[], { collecting }: FactorisedInput): Expr {
  const latent = b.latents[0]?.latent
  if (latent === undefined) throw new Error('a block without latents')
  const lead = pointsOf(b).map((v) => collecting.rename(v))
  const scoped = b.scope.map((s) => collecting.rename(s.value))
  const values = scoped.map((v) => idx(v))
  const of = b.scope.map((s, i) => ({
    latent: s.latent.name,
    index: scopeAt(b, s, row),
    value: values[i] ?? ONE,
  }))
  const u = (at: readonly Expr[]): Expr => ref('latent', latent.name, [...row, ...at])
  const density = b.family.logDensity(u, lead.map(idx), naturalOf(b, row, values), axesOf(b, collecting.rename))
  const one = latent.evidence
    ? caseOf(compare('==', ref('observed', latent.name, [...row, ...lead.map(idx)]), ONE), ZERO, density)
    : density
  const body = lead.reduceRight<Expr>((e, v) => ({ kind: 'sum', index: v, body: e }), one)
  const expected = expectationIn(b, row, of, body, { collecting })
  return scoped.reduceRight<Expr>((e, v) => ({ kind: 'sum', index: v, body: e }), expected)
}

/**
 * H(q) of a factor with chains: log Z − E_q of its terms, both at its update, whose terms read the other factors as they
 * then were.
 */
function entropyByNormaliser(
  f: PosteriorFactor,
  tables: readonly LoweredTable[],
  { lowerer, blocks, posterior }: FactorisedInput,
): { readonly buffer: string; readonly ops: readonly KernelOp[] } {
  const buffer = lowerer.buffer({ id: `entropy ${f.id}`, space: 'scratch', type: 'f64', shape: [] })
  const own = blocks.filter((b) => f.blocks.includes(b.block.id))
  const absorbed = new Set(own.flatMap((b) => b.block.factors.map((x) => x.lifted)))
  const terms = [
    ...f.expected.filter((x) => !absorbed.has(x)),
    ...own.flatMap((b) => (b.block.scope.length === 0 ? [] : [messageOf(b.block)])),
  ]
  const ops: KernelOp[] = [{ op: 'fill', out: buffer, value: 0 }]
  for (const op of tables.flatMap((t) => t.objective))
    if (op.op === 'contract' && op.out === 'loglik') ops.push({ ...op, out: buffer })
  for (const t of terms) {
    const { loops, body } = unsummed(qTerm(t), t.factor.loops.length)
    const context: LoweringContext = { vars: new Map(), at: 'param', ...posterior }
    const inner = lowerer.loops(loops, context)
    ops.push({
      op: 'contract',
      out: buffer,
      axes: inner.axes,
      at: [],
      factors: [k.neg(lowerer.expr(body, inner.context))],
    })
  }
  return { buffer, ops }
}

/** What of the program keeps q: known once everything that reads q is lowered. */
export function finishFactorised(
  made: LoweredFactorised,
  input: FactorisedInput,
  readers: readonly (readonly KernelOp[])[],
): FactorisedProgram {
  const { continuous, plan, factorised } = input
  const moments = new Map(
    plan.blocks.map((b) => [b.id, b.kind === 'conjugate' ? (continuous.moments?.of(b) ?? []) : []] as const),
  )
  const updates = made.updates.map((u, i) => {
    const blocks = factorised.factors[i]?.blocks ?? []
    return { ...u, ops: [...u.ops, ...blocks.flatMap((b) => moments.get(b) ?? [])] }
  })
  const written = updates.map((u) => new Set(u.ops.flatMap(outputs)))
  const read = updates.map((u, i) => new Set(u.ops.flatMap((op) => [...loads(op)].filter((b) => !written[i]?.has(b)))))
  const outside = new Set([...readers.flat().flatMap((op) => [...loads(op)]), ...read.flatMap((r) => [...r])])
  const sparse = updates.flatMap((u) => u.ops.filter((op) => op.op === 'sparseGaussian'))
  const inputs = sparse.flatMap((op) =>
    op.op === 'sparseGaussian' ? [op.linear, ...op.entries.flatMap((e) => [e.rows, e.columns, e.values])] : [],
  )
  const all = new Set(written.flatMap((w) => [...w]))
  const state = [...new Set([...[...all].filter((b) => outside.has(b)), ...inputs])].filter(
    (b) => !input.lowerer.sparse.has(b),
  )
  return {
    updates,
    state,
    refresh: sparse,
    given: made.given,
    first: firstStates(
      input.blocks,
      input.lowerer,
      updates.flatMap((u) => u.ops),
      input.product === 'draw',
    ),
    moments: [...moments.values()].flat(),
    continuous: updates.flatMap((u, i) => (factorised.factors[i]?.tables.length === 0 ? u.ops : [])),
  }
}

const outputs = (op: KernelOp): readonly string[] => {
  if (op.op === 'scan' || op.op === 'repeat') return op.step.flatMap(outputs)
  if (op.op === 'sparseGaussian') return [op.mean, op.logdet, op.covariance]
  return [op.out]
}

/** Buffers that an operation reads. */
function loads(op: KernelOp): ReadonlySet<string> {
  const out = new Set<string>()
  const visit = (x: unknown): void => {
    if (Array.isArray(x)) for (const y of x) visit(y)
    else if (typeof x === 'object' && x !== null) {
      const node = x as { readonly k?: unknown; readonly buffer?: unknown; readonly of?: unknown }
      if (node.k === 'load' && typeof node.buffer === 'string') out.add(node.buffer)
      if (node.k === 'covariance' && typeof node.of === 'string') out.add(node.of)
      for (const y of Object.values(x)) visit(y)
    }
  }
  visit(op)
  if (op.op === 'small') {
    out.add(op.matrix)
    if (op.rightHandSide !== undefined) out.add(op.rightHandSide)
  }
  if (op.op === 'gather') out.add(op.from)
  if (op.op === 'scan') for (const c of op.carry) out.add(c)
  return out
}
