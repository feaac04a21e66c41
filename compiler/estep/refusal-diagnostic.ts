/** A refusal as a diagnostic: which latents are coupled, through which statements, and what an exact E-step would cost. */
import type { Diagnostic, RelatedSpan } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import { float, literal } from '../algebra/build.js'
import { evaluate } from '../algebra/evaluate.js'
import type { Expr } from '../algebra/types.js'
import { rewrite, some } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { FactorGraph } from '../graph/types.js'
import { sizeText } from './places.js'
import type { EStepRefusal, ExactCost } from './types.js'

export function refusalDiagnostic(r: EStepRefusal, graph: FactorGraph, lifted: readonly LiftedFactor[]): Diagnostic {
  const related = r.coupled === undefined ? [] : statementsOf(r.coupled, r.span, lifted)
  return {
    code: r.code,
    severity: 'error',
    span: r.span,
    message: `${r.message}${r.cost === undefined ? '' : `: ${costWords(r.cost, graph)}`}${r.apart === undefined ? '' : `; a factorised posterior has no closed form either: ${r.apart}`}`,
    ...(related.length === 0 ? {} : { related }),
    ...(r.help === undefined ? {} : { help: r.help }),
  }
}

/** The other statements that read the latents, each once. */
function statementsOf(names: readonly string[], own: Span, lifted: readonly LiftedFactor[]): readonly RelatedSpan[] {
  const out = new Map<string, RelatedSpan>()
  for (const f of lifted) {
    const { span, role, target } = f.factor
    const reads = [
      ...f.variables.map((v) => v.latent.name),
      ...f.continuous.map((c) => c.latent.name),
      ...f.counts.map((c) => c.latent),
    ]
    const found = names.filter((n) => reads.includes(n))
    const key = `${span.start}-${span.end}`
    if (found.length === 0 || role === 'evidence' || overlap(span, own) || out.has(key)) continue
    const others = found.filter((n) => n !== target.name)
    const listed = others.map((n) => `\`${n}\``).join(' and ')
    const message = names.includes(target.name)
      ? `the distribution of \`${target.name}\`${others.length === 0 ? '' : `, which reads ${listed}`}`
      : `reads ${listed}`
    out.set(key, { span, message })
  }
  return [...out.values()]
}

const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end

/** The cost in the names of sizes, and in numbers as far as consts say them. */
function costWords(cost: ExactCost, graph: FactorGraph): string {
  const known = (e: Expr): Expr => withConsts(e, graph)
  switch (cost.kind) {
    case 'states':
      return `an exact E-step would carry ${cost.atMost === true ? 'up to ' : ''}${statesWords(cost.sides, known)} joint values`
    case 'mixture':
      return `its exact posterior would be a mixture of ${power(cost.values, cost.places, known)} densities, one for each combination of their values, each of ${inNumbers(cost.dimension, known)} ${literal(cost.dimension) === 1 ? 'dimension' : 'dimensions'}`
    case 'integral':
      return `without one, an exact E-step would need an integral over ${inNumbers(cost.dimensions, known)} ${literal(cost.dimensions) === 1 ? 'dimension' : 'dimensions'}${literal(cost.times) === 1 ? '' : ` for each of ${inNumbers(cost.times, known)} rows`}${literal(cost.dimensions) === 1 ? '' : `, g${superscript(cost.dimensions, known)} evaluations with g points a dimension`}`
  }
}

/** K^I, or the smaller of K^I and L^J. */
function statesWords(sides: Extract<ExactCost, { kind: 'states' }>['sides'], known: (e: Expr) => Expr): string {
  const all = [...new Set(sides.map((s) => power(s.values, s.places, known)))]
  return all.length === 1 ? (all[0] ?? '') : `the smaller of ${all.join(' and ')}`
}

const superscript = (e: Expr, known: (e: Expr) => Expr): string => {
  const value = literal(known(e))
  return `^${value === null ? bracketed(e) : String(value)}`
}

const bracketed = (e: Expr): string => {
  const text = sizeText(e)
  return /^[^\s+−]+$|^\w+\([^()]*(\([^()]*\)[^()]*)*\)$/u.test(text) ? text : `(${text})`
}

/** K^T, K^T = 2^T, or K^T = 2^100 (about 10^30). */
function power(values: Expr, places: Expr, known: (e: Expr) => Expr): string {
  const [v, p] = [known(values), known(places)]
  const named = `${bracketed(values)}^${bracketed(places)}`
  const plain = `${bracketed(v)}^${bracketed(p)}`
  const [base, exponent] = [literal(v), literal(p)]
  const digits = base === null || exponent === null ? null : exponent * Math.log10(base)
  const about =
    digits === null ? '' : digits < 6 ? ` (${(base ?? 1) ** (exponent ?? 1)})` : ` (about 10^${Math.round(digits)})`
  return `${named === plain ? named : `${named} = ${plain}`}${about}`
}

function inNumbers(e: Expr, known: (e: Expr) => Expr): string {
  const value = literal(known(e))
  return value === null || value === literal(e) ? sizeText(e) : `${sizeText(e)} = ${value}`
}

/** Consts that are numbers at their declared values. */
function withConsts(e: Expr, graph: FactorGraph): Expr {
  const values = new Map(
    graph.bindTables.flatMap((t) =>
      t.compute.kind === 'const' && t.indices.length === 0 && literal(t.compute.value) !== null
        ? [[t.name, t.compute.value] as const]
        : [],
    ),
  )
  const plain = rewrite(e, (n) => (n.kind === 'ref' ? (values.get(n.name) ?? n) : n))
  const open = some(plain, (n) => n.kind === 'ref' || n.kind === 'index')
  return open ? plain : float(evaluate(plain, { ref: () => Number.NaN }))
}
