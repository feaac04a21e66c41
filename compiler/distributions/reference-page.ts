import type { ArgumentSignature, Parametrisation } from '../../lang/signature.js'
import { ref } from '../algebra/build.js'
import { printLatex } from '../algebra/print-latex.js'
import type { Expr } from '../algebra/types.js'
import { distributions } from './index.js'
import { indexSupply } from './support/numeric-density.js'
import type { Distribution, Tail, Tensor } from './types.js'

/** Every distribution as a Markdown page, made from the definitions that derivations and programs are made of. */
export function distributionsPage(): string {
  const parts = [
    '# Distributions',
    '',
    'What each distribution is: its arguments in their order, its log density (of discrete values the log probability) with',
    'all constants, and what else is known of it. These are the expressions that derivations start from. X is the variable,',
    'x a value of it, D the length of a vector or the order of a matrix; Φ is the distribution function of Normal(0, 1), P',
    'and Q are the regularised incomplete gamma functions, I is the regularised incomplete beta function. Where arguments',
    'can be given in another way, their names choose it: `Normal(mean=0, var=4)`. docs/language.md says how statements use',
    'them.',
    '',
    ...distributions.flatMap(entry),
  ]
  return `${parts.join('\n').trimEnd()}\n`
}

function entry(d: Distribution): readonly string[] {
  const { name, summary, parametrisations } = d.signature
  return [
    `## ${name}`,
    '',
    summary,
    '',
    `- Values: ${values(d)}.`,
    ...facts(d).map((f) => `- ${f}`),
    '',
    ...parametrisations.flatMap((p) => formulas(d, p)),
  ]
}

function values({ signature: { value } }: Distribution): string {
  const kind = `${value.discrete ? 'discrete, ' : ''}\`${value.support}\`, ${RANKS[value.rank]}`
  const size = value.sizeOf === undefined ? '' : ` of the size of \`${value.sizeOf}\``
  const beyond = value.beyondIndex === undefined ? '' : `, and ${value.beyondIndex} more`
  return `${kind}${size}${value.indexOf === undefined ? '' : `, an index of \`${value.indexOf}\`${beyond}`}`
}

const RANKS = { 0: 'a number', 1: 'a vector', 2: 'a matrix' }

function facts(d: Distribution): readonly string[] {
  const out: string[] = [`In derivations: $${d.latex(d.signature.parametrisations[0]?.arguments.map(texName) ?? [])}$.`]
  if (d.pointMass !== undefined) {
    const scales = [...d.pointMass.scales].map(([name, power]) => `\`${name}\` (unit of x${power === 1 ? '' : '²'})`)
    out.push(`All mass goes to \`${d.pointMass.at}\` as ${scales.join(' or ')} goes to 0.`)
  }
  if (d.ends !== undefined)
    out.push(`Ends of the support, which EM cannot estimate: ${d.ends.map((e) => `\`${e}\``).join(', ')}.`)
  if (d.turn !== undefined) out.push(`Values ${d.turn} apart are the same.`)
  return out
}

/** The formulas in one parametrisation. */
function formulas(d: Distribution, p: Parametrisation): readonly string[] {
  const args = new Map(p.arguments.map((a) => [a.name, tensor('param', a.name, a.rank)]))
  const { rank } = d.signature.value
  const x = tensor('data', 'x', rank)
  const density = d.logDensity(x, args, indexSupply())
  const lines: (readonly [string, Expr | null])[] = [['\\log p(x)', density]]
  const mass = d.mass?.(x.at([]), args, indexSupply())
  if (mass !== undefined) lines.push(['p(x)', mass])
  const domain = d.domain?.(args)
  if (domain !== undefined) lines.push(['\\min X', domain.low], ['\\max X', domain.high])
  const moments = d.moments?.(args)
  if (moments !== undefined) lines.push(['\\mathrm{E}\\, X', moments.mean], ['\\mathrm{var}\\, X', moments.variance])
  const vector = d.vectorMoments?.(args, indexSupply())
  if (vector !== undefined) {
    const [i, j] = [ref('const', 'i', []), ref('const', 'j', [])]
    lines.push(['\\mathrm{E}\\, X_i', vector.mean(i)], ['\\mathrm{cov}(X_i, X_j)', vector.covariance(i, j)])
  }
  const tail = d.tail?.(args)
  return [
    `### ${d.signature.name}(${p.arguments.map(argumentText).join(', ')})`,
    '',
    '$$',
    '\\begin{aligned}',
    [...lines, ...(tail === undefined ? [] : tailLines(tail))]
      .map(([left, right]) => `${left} &= ${right === null ? '\\infty' : printLatex(right)}`)
      .join(' \\\\\n'),
    '\\end{aligned}',
    '$$',
    '',
    ...(tail?.shapes === undefined
      ? []
      : [`The tails have no derivative in ${tail.shapes.map((e) => `$${printLatex(e)}$`).join(', ')}.`, '']),
  ]
}

function tailLines(t: Tail): (readonly [string, Expr | null])[] {
  const [x, y] = [ref('data', 'x', []), ref('data', 'y', [])]
  const between = t.between?.(x, y)
  return [
    ...(t.low === null ? [] : [['\\inf X', t.low] as const]),
    ...(t.high === null ? [] : [['\\sup X', t.high] as const]),
    ['\\log P(X \\le x)', t.below(x)],
    ['\\log P(X > x)', t.above(x)],
    ...(between === undefined ? [] : [['\\log P(x < X \\le y)', between] as const]),
  ]
}

const argumentText = (a: ArgumentSignature): string => `${a.name} : ${a.support}${['', '[]', '[,]'][a.rank]}`
const texName = (a: ArgumentSignature): string => printLatex(ref('param', a.name, []))

/** An argument or value as a symbol; the dimensions have size D. */
const tensor = (space: 'param' | 'data', name: string, rank: 0 | 1 | 2): Tensor => ({
  dims: Array.from({ length: rank }, () => ({ size: ref('const', 'D', []) })),
  at: (index) => ref(space, name, index),
})
