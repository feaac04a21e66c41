/** Potentials of a table: the factors over a scope, added up at each row. */
import { mul } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { placedExpr } from '../estep/place.js'
import { weightOf } from '../estep/plan.js'
import type { LatentTable, PlacedFactor, Potential } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import type { LoweringContext } from './lowerer.js'
import { need } from './need.js'
import type { TableLayout } from './table-layout.js'

export class PotentialLowering {
  constructor(private readonly layout: TableLayout) {}

  /** ψ[row, values] = Σ of the factors over that scope. */
  potential(t: LatentTable, p: Potential, out: KernelOp[]): string {
    const id = this.layout.scratch(`psi ${t.id} ${p.scope.join(',')}`, t.loops, p.scope)
    const scopeAxes = p.scope.map((s) => this.layout.valueAxis(s))
    const ownValue = (e: string): KExpr => k.axis(`value ${e}`)
    const rows = this.layout.rowAxes(t.loops)
    const direct = p.factors.filter((f) => f.direct)
    const values = direct.map((f) => {
      const context = this.withValues(f, this.layout.rowContext(t.loops), ownValue)
      return this.layout.lowerer.expr(placedExpr({ ...f, lifted: { ...f.lifted, expr: this.summed(f) } }), context)
    })
    out.push(
      values.length === 0
        ? { op: 'fill', out: id, value: 0 }
        : {
            op: 'map',
            out: id,
            axes: [...rows, ...scopeAxes],
            at: [...this.layout.ownRow(t.loops), ...scopeAxes.map((a) => k.axis(a))],
            value: k.add(...values),
          },
    )
    for (const f of p.factors.filter((x) => !x.direct)) {
      const { axes, context } = this.layout.lowerer.loops(
        f.lifted.factor.loops.map((l) => l.index),
        this.layout.base,
      )
      const inner = this.withValues(f, context, ownValue)
      const positions = t.loops.map((l, i) => this.layout.lowerer.along(l.index, need(f.row[i]), inner))
      out.push({
        op: 'scatterAdd',
        out: id,
        axes: [...axes, ...scopeAxes],
        at: [...this.layout.rowAt(t.loops, positions), ...scopeAxes.map((a) => k.axis(a))],
        value: this.layout.lowerer.expr(weighted(f), inner),
      })
    }
    return id
  }

  withValues(f: PlacedFactor, context: LoweringContext, value: (element: string) => KExpr): LoweringContext {
    return {
      ...context,
      vars: new Map([
        ...context.vars,
        ...f.lifted.variables.map(
          (v, i) => [v.value.id, k.add(value(need(f.elements[i])), this.layout.low(v.latent.name))] as const,
        ),
      ]),
    }
  }

  /** A factor's log density summed over the loops beyond its row. */
  summed(f: PlacedFactor): Expr {
    return f.extraLoops.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l.index, body: e }), weighted(f))
  }
}

/** A factor's log density times the weights of the loops beyond its row. */
function weighted(f: PlacedFactor): Expr {
  const w = weightOf(f.extraLoops)
  return w === null ? f.lifted.expr : mul(w, f.lifted.expr)
}
