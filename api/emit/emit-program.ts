/** A model as a stand-alone JavaScript module: its plan, its kernels, and the runtime that drives them. */
import type { Derivation } from '../../compiler/derive.js'
import { lowerScores } from '../../compiler/lower/scores.js'
import { vanishingScales } from '../../compiler/vanishing-scales.js'
import { version } from '../../version.js'
import { emitKernels, literal } from './kernels.js'
import { writePlan } from './plan.js'

/** Scales of which every combination that is 0 has a program of its own. */
const MOST_SCALES = 3

/** A model's derivation, and that of its hard mode; null where it has no such mode. */
export interface ToEmit {
  readonly em: Derivation
  readonly hard: Derivation | null
}

/**
 * @param withoutScales the model with these scales at 0
 * @param runtime the text of `standalone.ts` and what it imports, which gives `createProgram`
 * @throws KernelError where the JavaScript target lacks an operation
 */
export function emitProgram(
  whole: ToEmit,
  withoutScales: (names: ReadonlySet<string>) => ToEmit | null,
  runtime: string,
): string {
  const scales = [...vanishingScales(whole.em.model).keys()].sort()
  const smaller = subsets(scales.slice(0, MOST_SCALES)).flatMap((names) => {
    const d = withoutScales(new Set(names))
    return d === null ? [] : [{ names: names.join(' '), d }]
  })
  const { name } = whole.em.model
  return [
    header(name),
    `const source = {\n  name: ${literal(name)},\n  estepVersion: ${literal(version)},`,
    model(whole),
    '  withoutScales: [',
    ...smaller.map(({ names, d }) => `[${literal(names)}, {\n${model(d)}}],`),
    '  ],\n}\n',
    RUNTIME_FOLLOWS,
    `const createProgram = (() => {\n${runtime}\nreturn createProgram\n})()\n`,
    'const program = createProgram(source)\n',
    '/** Fits the model: `await fit({ x: rows }, { seed: 1 })`. */',
    'export const fit = program.fit\n',
    'if (program.isMain(import.meta.url)) await program.main()\n',
  ].join('\n')
}

function model({ em, hard }: ToEmit): string {
  // Fisher's identity is one of exact posteriors
  const scores = em.eStep.factorised === null ? lowerScores(em) : null
  const max = hard?.maxProduct ?? null
  const { text, standIn } = emitKernels([
    { of: em.program, buffers: em.program.buffers },
    ...(scores === null ? [] : [{ of: scores, buffers: scores.program.buffers }]),
    ...(max === null ? [] : [{ of: max, buffers: max.buffers }]),
  ])
  return `  // loops over the data, params and statistics: each fills or adds to the arrays that are named above it\n  kernels: ${text},\n  // sizes, arrays, the order of passes, and the solution of each block of the M-step\n  plan: ${literal(writePlan({ em, hard, scores }, standIn))},`
}

const header = (
  name: string,
): string => `// ${name.replace(/[^\p{L}\p{N}_]/gu, '_')}: an EM algorithm, derived by Estep ${version} from a model. It needs nothing but this file.
//
//   node fit.mjs data.csv            prints the estimates; --help lists the options
//   import { fit } from './fit.mjs'  const result = await fit({ x: rows }, { seed: 1 }), in Node and in pages
//
// First come the kernels that were derived from the model, then the plan that says when each runs, then the runtime, which is
// the same for all models.
`

const RUNTIME_FOLLOWS = '// --- the runtime: reads tables, makes starts, iterates, stops; the same for all models ---\n'

function subsets(names: readonly string[]): readonly (readonly string[])[] {
  const masks = Array.from({ length: 2 ** names.length - 1 }, (_, i) => i + 1)
  return masks.map((mask) => names.filter((_, i) => (mask >> i) % 2 === 1))
}
