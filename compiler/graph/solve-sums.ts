/** Observed sums of continuous latents: each is solved for one of them, which then is no latent any more. */
import { add, idx, log, mul, num, sub } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { rewrite, substituteIndex } from '../algebra/visit.js'
import type { Constraint, ContinuousLatent, Factor, FactorGraph, SolvedLatent } from './types.js'

/**
 * Σ c_i·u_i = total with u_n = (total − Σ_{i<n} c_i·u_i)/c_n put in wherever u_n is read. The density of the total is the
 * joint one at that point divided by |c_n|.
 */
export function solveSums(graph: FactorGraph): FactorGraph {
  const continuous = new Map(graph.latents.flatMap((l) => (l.kind === 'continuous' ? [[l.name, l] as const] : [])))
  let { factors, latents } = graph
  const rest: Constraint[] = []
  const solved: SolvedLatent[] = [...graph.solved]
  for (const c of graph.constraints) {
    const last = c.terms.at(-1)
    const latent = last === undefined ? undefined : continuous.get(last.latent)
    const fits =
      latent !== undefined &&
      c.terms.every(
        (t) => continuous.get(t.latent)?.support === 'real' && isWhole(t.index, c, continuous.get(t.latent)),
      )
    if (last === undefined || latent === undefined || !fits || solved.some((s) => s.name === latent.name)) {
      rest.push(c)
      continue
    }
    const others = c.terms.slice(0, -1)
    const value = mul(
      add(c.total, ...others.map((t) => mul(num(-t.coefficient.n, t.coefficient.d), cell(t.latent, t.index)))),
      num(last.coefficient.d, last.coefficient.n),
    )
    const at = (index: readonly Expr[]): Expr =>
      substituteIndex(value, new Map(c.loops.map((l, i) => [l.index.id, index[i] ?? idx(l.index)])))
    factors = factors.map(
      (f): Factor => ({
        ...f,
        value: rewrite(f.value, (n) =>
          n.kind === 'ref' && n.space === 'latent' && n.name === latent.name ? at(n.index) : n,
        ),
      }),
    )
    const scale = Math.abs(last.coefficient.n / last.coefficient.d)
    const own = factors.find((f) => f.target.name === latent.name)
    if (scale !== 1 && own !== undefined)
      factors = factors.map((f) =>
        f === own ? { ...f, value: sub(f.value, log(num(Math.abs(last.coefficient.n), last.coefficient.d))) } : f,
      )
    latents = latents.filter((l) => l.name !== latent.name)
    solved.push({ name: latent.name, loops: latent.loops, value: at(latent.loops.map((l) => idx(l.index))) })
  }
  return { ...graph, factors, latents, constraints: rest, solved }
}

const cell = (latent: string, index: readonly Expr[]): Expr => ({ kind: 'ref', space: 'latent', name: latent, index })

/** The cell is that of the iteration itself. */
const isWhole = (index: readonly Expr[], c: Constraint, latent: ContinuousLatent | undefined): boolean =>
  latent !== undefined &&
  latent.own.length === 0 &&
  index.length === c.loops.length &&
  index.every((e, i) => keyOf(e) === keyOf(idx(c.loops[i]?.index ?? { id: '', name: '', from: e, to: e })))
