import type { TStatement } from '../../lang/typed/types.js'
import { bothOf, caseOf, compare, notOf, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { type GraphContext, NEGATIVE_INFINITY, type Place } from './context.js'
import { standardArguments } from './standard-member.js'

type Sample = Extract<TStatement, { kind: 'sample' }>

/** Latents that are declared in branches only, where none of these is taken. */
export class AbsentLatents {
  /** Cells of latents that a statement gives a distribution. */
  private readonly given: { readonly cell: Expr; readonly place: Place; readonly statement: Sample }[] = []

  constructor(private readonly graph: GraphContext) {}

  /** Notes where a latent exists. */
  note(cell: Expr, place: Place, statement: Sample): void {
    this.given.push({ cell, place, statement })
  }

  /**
   * A latent that is declared in branches only exists where one of them is taken. Elsewhere nothing reads it: a discrete
   * one has all its mass at its first value, a continuous one the standard member of its family.
   */
  complete(): void {
    const cells = new Map<string, (typeof this.given)[number][]>()
    for (const g of this.given) {
      const key = [keyOf(g.cell), ...g.place.loops.map((l) => l.index.id)].join(' ')
      cells.set(key, [...(cells.get(key) ?? []), g])
    }
    for (const all of cells.values()) {
      const [first] = all
      const latent = first?.cell.kind === 'ref' ? this.graph.latents.get(first.cell.name) : undefined
      if (first === undefined || latent === undefined || latent.kind === 'count') continue
      const none = all.map((g) => notOf(g.place.guard)).reduce(bothOf)
      if (none.kind === 'literal' && !none.value) continue
      const { span, distribution: d } = first.statement
      // a piece (`u[1]`) in a branch would need a condition on its place beside that of the branch
      const whole = first.cell.kind === 'ref' && latent.loops.every((l, i) => isIndex(first.cell, i, l.index))
      const value =
        latent.kind === 'continuous' && !whole
          ? null
          : latent.kind === 'discrete'
            ? caseOf(compare('==', first.cell, latent.low), ZERO, NEGATIVE_INFINITY)
            : this.standardDensity(first.statement, first.place)
      if (value === null) {
        const what = `a latent of distribution ${d.kind === 'plain' ? d.name : d.kind}`
        this.graph.refuse(span, `${what} that exists in one branch only has no derivation in this version`)
        continue
      }
      if (latent.kind === 'continuous') this.graph.latents.set(latent.name, { ...latent, present: notOf(none) })
      this.graph.addFactor({
        role: 'evidence',
        loops: first.place.loops,
        guard: none,
        value,
        target: { space: 'latent', name: latent.name },
        distribution: 'evidence',
        span,
      })
    }
  }

  /** The log density of what a statement declares, with arguments that hold no params. */
  private standardDensity({ target, distribution: d, span }: Sample, place: Place) {
    const distribution = d.kind === 'plain' ? this.graph.distributions.get(d.name) : undefined
    if (distribution === undefined || d.kind !== 'plain') return null
    const args = new Map(d.arguments.map((a) => [a.name, this.graph.elaborator.tensor(a.value, place.env)]))
    const standard = standardArguments(distribution, d.parametrisation, args)
    if (standard === null) return null
    return this.graph.logDensity(distribution, d, this.graph.elaborator.tensor(target, place.env), standard, span)
  }
}

const isIndex = (cell: Expr, position: number, v: IndexVar): boolean => {
  const at = cell.kind === 'ref' ? cell.index[position] : undefined
  return at?.kind === 'index' && at.var === v.id
}
