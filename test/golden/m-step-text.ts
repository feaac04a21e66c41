/** What the rules of the M-step made of a model, as text: a line for each fact, statistics written out as sums. */
import { caseOf, num, ONE } from '../../compiler/algebra/build.js'
import { printText } from '../../compiler/algebra/print-text.js'
import type { Expr, Guard, IndexVar, Rational } from '../../compiler/algebra/types.js'
import { expandStatistics } from '../../compiler/derivation/elements.js'
import type { Derivation } from '../../compiler/derive.js'

const EXPRESSIONS: ReadonlySet<string> = new Set<Expr['kind']>([
  ...(['num', 'float', 'constant', 'index', 'ref', 'add', 'mul', 'pow', 'call', 'sum', 'case', 'inverse'] as const),
  ...(['logdet', 'probability', 'expect', 'mean'] as const),
])
const GUARDS: ReadonlySet<string> = new Set<Guard['kind']>(['compare', 'and', 'or', 'not', 'literal'])

/** Places in the text of the model and in lists of terms, which change with what is around. */
const LEFT_OUT: ReadonlySet<string> = new Set(['span', 'source'])

export function mStepText(d: Derivation): string {
  const statistics = new Map(d.mStep.objective.statistics.map((s) => [s.id, s]))
  const shown = (e: Expr): string =>
    printText(
      expandStatistics(e, statistics, (v) => d.supply.fresh(v.name, v.to, v.from)),
      { sums: 'plain' },
    )
  const lines: string[] = [`sweeps ${d.mStep.sweeps}, repeated: ${d.mStep.repeated.join(', ')}`]
  const walk = (path: string, x: unknown): void => {
    if (x === null || typeof x !== 'object') lines.push(`${path}: ${String(x)}`)
    else if (isExpr(x)) lines.push(`${path}: ${shown(x)}`)
    else if (isGuard(x)) lines.push(`${path}: ${shown(caseOf(x, ONE, num(0)))}`)
    else if (isRational(x)) lines.push(`${path}: ${x.d === 1 ? x.n : `${x.n}/${x.d}`}`)
    else if (isIndexVar(x)) lines.push(`${path}: ${x.name} = ${shown(x.from)} … ${shown(x.to)}`)
    else if (Array.isArray(x) && x.every((e) => typeof e !== 'object')) lines.push(`${path}: ${x.join(', ')}`)
    else
      for (const [key, value] of Object.entries(x))
        if (!LEFT_OUT.has(key)) walk(Array.isArray(x) ? `${path}[${key}]` : `${path}.${key}`, value)
  }
  for (const step of d.mStep.steps) {
    lines.push('')
    walk(step.params.join(','), step)
  }
  return `${lines.join('\n')}\n`
}

const kindOf = (x: object): string => ('kind' in x ? String(x.kind) : '')
const isExpr = (x: object): x is Expr => EXPRESSIONS.has(kindOf(x))
const isGuard = (x: object): x is Guard => GUARDS.has(kindOf(x))
const isRational = (x: object): x is Rational => 'n' in x && 'd' in x
const isIndexVar = (x: object): x is IndexVar => 'id' in x && 'from' in x && 'to' in x && 'name' in x
