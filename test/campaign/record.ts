/** What becomes of one random model: derived, certified, run by every target, and fitted for a while. */

import { bindProgram } from '../../compiler/bind/bound-model.js'
import { certifyDerivation, interpreter } from '../../compiler/bind/certified-engine.js'
import { type Derivation, derive } from '../../compiler/derive.js'
import { distributionByName, signatures } from '../../compiler/distributions/index.js'
import { compileJavaScript } from '../../compiler/targets/javascript/index.js'
import type { CompileKernel } from '../../compiler/targets/memory.js'
import { compileWasm, wasmSupports } from '../../compiler/targets/wasm/compile-wasm.js'
import { check } from '../../lang/check.js'
import { certify } from '../../oracle/certify.js'
import { randomSource } from '../../oracle/random.js'
import { iterate } from '../../runtime/iterate.js'
import { complaints } from '../certify/certified.js'
import { type Feature, randomModel } from '../generator/random-model.js'

export type Outcome =
  /** Certified, and fitted. */
  | 'passed'
  /** The compiler refuses it, with a code. */
  | 'refused'
  /** Too large for brute force, or its density grows without bound on all data that was tried. */
  | 'not judged'
  | 'failed'
  | 'crashed'
  | 'timed out'

export interface ModelRecord {
  readonly seed: number
  readonly outcome: Outcome
  readonly why: string
  readonly milliseconds: number
  readonly features: readonly Feature[]
  readonly latents: number
  /** Rules of the M-step that gave its updates, and rows of the table of the E-step that gave its posteriors. */
  readonly rules: readonly string[]
  readonly methods: readonly string[]
  readonly distributions: readonly string[]
  /** Every M-step in closed form. */
  readonly closed: boolean
  /** Largest error of each check beside what it may be. */
  readonly errors: Readonly<Record<string, number>>
}

const ITERATIONS = 20

const anyTarget: CompileKernel = (ops, buffers) =>
  wasmSupports(ops) === null ? compileWasm(ops, buffers) : compileJavaScript(ops, buffers)

export async function recordOf(seed: number): Promise<ModelRecord> {
  const began = Date.now()
  const { text, features } = randomModel(seed)
  const none = { latents: 0, rules: [], methods: [], distributions: [], closed: false, errors: {} }
  const done = (outcome: Outcome, why: string, more: Partial<ModelRecord> = {}): ModelRecord => ({
    ...none,
    ...more,
    seed,
    features,
    outcome,
    why,
    milliseconds: Date.now() - began,
  })
  let known: Partial<ModelRecord> = {}
  try {
    const checked = check({ name: 'model.estep', text }, signatures)
    const derived = checked.value === undefined ? undefined : derive(checked.value, distributionByName)
    if (checked.value === undefined || derived?.value === undefined) {
      const [first] = derived?.diagnostics.filter((d) => d.severity === 'error') ?? checked.diagnostics
      return done(checked.value === undefined ? 'failed' : 'refused', `${first?.code} ${first?.message}`)
    }
    const derivation = derived.value
    known = facts(derivation)
    let bound: Parameters<typeof bindProgram> | null = null
    const certificate = certify(
      checked.value,
      (data, consts) => {
        const engine = certifyDerivation(derivation, data, consts, compileJavaScript, [
          interpreter,
          { name: 'WebAssembly', compile: anyTarget },
        ])
        if (typeof engine === 'string') return engine
        bound = [derivation, data, { set: consts, compile: compileJavaScript }]
        return engine
      },
      { seed, replicates: 1, bound: derivation.eStep.bound === 'variational' },
    )
    const errors = Object.fromEntries(certificate.checks.map((c) => [c.name, c.error / c.tolerance]))
    if (certificate.declined !== undefined) return done('not judged', certificate.declined, { ...known, errors })
    if (!certificate.passed) return done('failed', complaints(certificate).join('; '), { ...known, errors })
    if (bound !== null) await climb(bound, seed)
    return done('passed', '', { ...known, errors })
  } catch (e) {
    return done('crashed', e instanceof Error ? (e.stack ?? e.message).slice(0, 600) : String(e), known)
  }
}

/** Some iterations from a random start: each checks that the objective does not fall. */
async function climb(bound: Parameters<typeof bindProgram>, seed: number): Promise<void> {
  const model = bindProgram(...bound)
  let left = ITERATIONS
  for await (const _ of iterate(model, model.interior(randomSource(seed)))) if (--left === 0) return
}

export function facts(d: Derivation): Pick<ModelRecord, 'latents' | 'rules' | 'methods' | 'distributions' | 'closed'> {
  const rules = d.mStep.steps.map((s) =>
    s.rule === 'family-mode' ? `family-mode/${s.kind === 'inverse-wishart' ? 'wishart' : s.kind}` : s.rule,
  )
  return {
    latents: d.graph.latents.length,
    rules: [...new Set(rules)],
    methods: [...new Set(methodsOf(d))],
    distributions: [...new Set(d.graph.factors.map((f) => f.distribution))],
    closed: d.mStep.steps.every((s) => s.closedForm),
  }
}

/** Rows of the table of the E-step. */
function methodsOf(d: Derivation): readonly string[] {
  const { eStep, graph } = d
  const ofBlocks = eStep.blocks.flatMap((b) => {
    const own = b.kind === 'gaussian' ? (b.layout === 'joint' ? 'sparse Gaussian' : 'Gaussian') : b.kind
    return [
      own,
      ...(b.kind !== 'nodes' && b.scope.length > 0
        ? [`discrete × ${b.kind === 'gaussian' ? 'Gaussian' : 'conjugate'}`]
        : []),
      ...(b.latents.some((l) => l.latent.evidence) ? ['half-observed numbers'] : []),
    ]
  })
  const ofTables = eStep.tables.flatMap((t) => [
    ...(t.latents.length > 0 ? [t.chain === null ? 'finite discrete' : 'discrete chain'] : []),
    ...(t.latents.some((l) => l.evidence) ? ['half-observed discrete'] : []),
  ])
  const tails = graph.factors.flatMap((f) => (f.tails === undefined ? [] : [f.tails]))
  return [
    ...ofBlocks,
    ...ofTables,
    ...(eStep.countGroups.length > 0 || graph.constraints.length > 0 ? ['counts and sums'] : []),
    ...tails,
    ...(eStep.factorised === null ? [] : ['factorised']),
  ]
}
