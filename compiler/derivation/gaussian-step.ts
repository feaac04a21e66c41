/** The page of a Gaussian block: precision, linear term, posterior, moments and normaliser, from the terms that run. */
import type { EStepStep, GaussianBlock } from '../estep/types.js'
import type { Rename } from './elements.js'
import { normaliserWords } from './gaussian-normaliser.js'
import { posteriorWords } from './gaussian-posterior.js'
import { type GaussianSystem, gaussianSystem } from './gaussian-system.js'
import { absentWords, quadraticWords } from './gaussian-words.js'
import { eStepOrigin, statementAt } from './origins.js'
import { equation, type Formula, type FormulaContext, inlineNames, sumEquation } from './print.js'
import { definitions } from './q-step.js'
import { sharingWords } from './sharing-words.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'
import type { Equation } from './update-types.js'

export function gaussianStep(
  b: GaussianBlock,
  step: EStepStep | undefined,
  moments: readonly Formula[],
  c: FormulaContext,
): DerivationStep {
  const d = c.notation.derivation
  const rename: Rename = (v) => d.supply.fresh(v.name, v.to, v.from)
  const system = gaussianSystem(b, c.notation, rename)
  const known = c.named.length
  const names = b.latents.map((l) => l.latent.name)
  const lines = [...system.precision, ...system.linear].flatMap(({ equation: q }) =>
    q.over.length > 0 ? [equation(q, c)] : sumEquation(q.left, q.right, q.indices, c),
  )
  const content: Block[] = [
    ...quadraticWords(b, c),
    { kind: 'formula', lines },
    ...definitions(c, known),
    ...originWords(system, c),
    ...absentWords(b.latents, c),
    ...posteriorWords(b, c),
    ...sharingWords(b, system, c),
    ...(moments.length === 0
      ? []
      : [say`Of it the M-step reads these expectations:`, { kind: 'formula' as const, lines: moments }]),
    ...(d.eStep.factorised === null && b.given === null ? normaliserWords(b, c) : []),
  ]
  const half = b.latents.every((l) => l.latent.evidence)
  return {
    id: `e-step ${names.join(', ')}`,
    kind: 'e-step',
    title: inline`E-step: the ${half ? 'missing cells' : 'posterior'} of ${inlineNames(names, c)}`,
    content,
    origin: eStepOrigin(step, b.latents[0]?.latent.span ?? null, b.factors),
  }
}

/** The longest formula, and the most entries of h and Λ, that a list of what each statement adds is made of. */
const LONGEST = 60
const MOST = 3

/** Which statement adds what. */
function originWords(system: GaussianSystem, c: FormulaContext): readonly Block[] {
  const entries = [...system.precision, ...system.linear]
  const factors = [...new Set(entries.flatMap((e) => e.parts.map((p) => p.factor)))]
  if (factors.length < 2) return []
  const items = factors.map((f) => {
    const parts = entries.flatMap((e): readonly (readonly [Formula, Formula])[] => {
      const own = e.parts.find((p) => p.factor === f)
      return own === undefined ? [] : [sidesOf({ ...e.equation, right: own.value }, c)]
    })
    return { source: `\`${statementAt(f.lifted.factor.span, c)}\``, parts }
  })
  const short = entries.length <= MOST && items.every((i) => i.parts.every(([, r]) => r.text.length <= LONGEST))
  return [
    {
      kind: 'list',
      items: items.map(({ source, parts }) => [
        `${source} adds ${short ? '' : 'to '}`,
        ...parts.flatMap(
          ([left, right], i): Inline => [
            i === 0 ? '' : i === parts.length - 1 ? ' and ' : ', ',
            ...(short ? [right, ' to '] : []),
            left,
          ],
        ),
      ]),
    },
  ]
}

/** The two sides of an equation, each as it stands in it. */
function sidesOf(q: Equation, c: FormulaContext): readonly [Formula, Formula] {
  const whole = equation(q, c)
  const cut = (s: string): readonly [string, string] => {
    const at = s.indexOf(' = ')
    return [s.slice(0, at), s.slice(at + 3)]
  }
  const [text, latex] = [cut(whole.text), cut(whole.latex)]
  return [
    { text: text[0], latex: latex[0] },
    { text: text[1], latex: latex[1] },
  ]
}
