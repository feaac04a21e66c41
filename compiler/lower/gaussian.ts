/**
 * Normal posteriors. In rows: Λ and h are summed term by term, V = Λ⁻¹ by Cholesky, m = r + V·h (Bishop 2006, section
 * 2.3.3). Observed cells of half-observed arrays have δ = 0: their rows of Λ are made those of the identity, which leaves
 * the inverse and the determinant of the others, and their rows of V are 0.
 */
import { caseOf, compare, idx, mul, num, ONE, ref } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import {
  cellPosition,
  countsCells,
  covarianceTable,
  dimension,
  logdetTable,
  meanTable,
  paddedExtent,
  placeOfRow,
  posteriorAt,
  unknownTable,
} from '../estep/block-layout.js'
import { weightOf } from '../estep/plan.js'
import { referenceTable } from '../estep/references.js'
import type { BlockCell, BlockLatent, BlockTerm, GaussianBlock } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { freeAxes } from '../kernel/visit.js'
import type { BlockHost, Placed } from './block-host.js'
import { tableIdOf } from './buffers.js'
import type { Draws } from './draws.js'
import type { Lowerer } from './lowerer.js'

export class GaussianLowering {
  private readonly values: readonly Expr[]

  constructor(
    private readonly lowerer: Lowerer,
    private readonly block: GaussianBlock,
    private readonly owner: BlockHost,
    /** Where values are drawn. */
    private readonly draws: Draws | null = null,
  ) {
    this.values = block.scope.map((s) => idx(s.value))
  }

  /** Operations that leave the means and covariances of every row. */
  posterior(): readonly KernelOp[] {
    const { block } = this
    const rows = this.owner.rows(block)
    const references = block.latents.flatMap((l) => (l.latent.evidence ? [this.reference(l)] : []))
    if (block.layout === 'joint') return [...references, ...this.joint(rows)]
    const covariance = this.covariance(rows)
    const derived = block.sharing !== 'row'
    if (derived)
      this.lowerer.derived.set(covarianceTable(block), {
        id: covarianceTable(block),
        at: 'param',
        kind: 'posterior',
        ops: covariance,
      })
    return [...references, ...(derived ? [] : covariance), ...this.means(rows)]
  }

  /** The data where a cell is observed, the mean of the observed ones where it is missing. */
  private reference({ latent }: BlockLatent): KernelOp {
    const { lowerer, block } = this
    const all = [...latent.loops.map((l) => l.index), ...latent.own]
    const { axes, context } = lowerer.loops(all, this.owner.base)
    const at = all.map(idx)
    const out = lowerer.buffer({
      id: referenceTable(latent.name),
      space: 'scratch',
      type: 'f64',
      ...(block.layout === 'joint' || latent.loops.length === 0 ? {} : { rows: tableIdOf(block.loops) }),
      shape: all.map((v) => lowerer.size(paddedExtent(v))),
    })
    const mean = ref('const', block.references.get(latent.name) ?? '', latent.own.map(idx))
    const value = caseOf(observedCell(latent.name, at), ref('data', latent.name, at), mean)
    return { op: 'map', out, axes, at: this.owner.at(at, context), value: lowerer.expr(value, context) }
  }

  // -- rows ------------------------------------------------------------------------------------------------------------

  /** Where Λ is: at every row, at a row of each pattern, or in one place. */
  private shared(rows: Placed): Placed {
    const { block, lowerer } = this
    if (block.sharing === 'row') return rows
    if (block.sharing === 'one' || block.pattern === null) return { axes: [], context: this.owner.base, row: [] }
    const row = block.loops[0]?.index
    if (row === undefined) throw new Error('patterns of a block without rows')
    const axis: Axis = { id: `pattern ${block.id}`, name: 'p', size: lowerer.size(block.pattern.count) }
    const representative = lowerer.array('const', block.pattern.representative, 'param')
    const vars = new Map([
      [row.id, k.load(representative, k.axis(axis))],
      [axis.id, k.add(k.axis(axis), k.num(1))],
    ])
    return { axes: [axis], context: { ...this.owner.base, vars }, row: [{ kind: 'index', var: axis.id, name: 'p' }] }
  }

  private buffer(id: string, own: readonly Expr[], withScope = true): string {
    const { block, lowerer } = this
    if (block.sharing === 'row') return this.owner.scratch(id, block, own, withScope)
    return lowerer.buffer({
      id,
      space: 'derived',
      type: 'f64',
      shape: [
        ...(block.pattern === null ? [] : [lowerer.size(block.pattern.count)]),
        ...(withScope ? block.scope.map((s) => lowerer.size(paddedExtent(s.value))) : []),
        ...own.map((e) => lowerer.size(e)),
      ],
    })
  }

  /** Λ, its inverse and its log-determinant. */
  private covariance(rows: Placed): readonly KernelOp[] {
    const { block, owner, lowerer } = this
    const shared = this.shared(rows)
    const order = dimension(block)
    const lambda = this.buffer(`precision ${block.id}`, [order, order])
    const out: KernelOp[] = [{ op: 'fill', out: lambda, value: 0 }]
    const unscoped: KernelOp[] = []
    for (const t of block.quadratic) {
      const [a, b] = t.cells.map((c) => cellPosition(block, c))
      if (a === undefined || b === undefined) throw new Error('a quadratic term without two cells')
      const value = mul(num(-1), t.coefficient)
      const once = block.sharing === 'row' ? null : this.unscoped(t, shared, [a, b], value)
      if (once !== null) unscoped.push(once)
      else
        for (const pair of [
          [a, b],
          [b, a],
        ])
          out.push(
            owner.scatter(lambda, block, t, shared, (row) => [...posteriorAt(block, row, this.values), ...pair], value),
          )
    }
    out.push(...this.bothHalves(lambda, shared, unscoped))
    const scope = owner.scope(block, shared.context)
    const lead = [...shared.axes, ...scope.axes]
    const at = owner.at(posteriorAt(block, shared.row, this.values), scope.context)
    const size = lowerer.size(order)
    const covariance = this.buffer(this.covarianceOfMeans, [order, order])
    const logdet = this.buffer(logdetTable(block), [])
    const [i, j] = ['i', 'j'].map((name): Axis => ({ id: `${name} ${block.id}`, name, size }))
    if (i === undefined || j === undefined) throw new Error('two axes')
    if (!countsCells(block)) {
      out.push(
        { op: 'small', kind: 'inverse', axes: lead, at, order: size, matrix: lambda, out: covariance },
        { op: 'small', kind: 'logdet', axes: lead, at, order: size, matrix: lambda, out: logdet },
      )
      out.push(...this.root(covariance, lead, at))
      return out
    }
    const mask = this.buffer(`missing ${block.id}`, [order], false)
    const rowAt = owner.at(shared.row, shared.context)
    for (const l of block.latents) {
      const { axes, context } = lowerer.loops(l.coordinates, shared.context)
      const missing = l.latent.evidence
        ? caseOf(observedCell(l.latent.name, this.dataIndex(l, rows, shared)), num(0), ONE)
        : ONE
      const position = cellPosition(block, { latent: l.latent.name, at: l.coordinates.map(idx) })
      out.push({
        op: 'map',
        out: mask,
        axes: [...shared.axes, ...axes],
        at: [...rowAt, lowerer.position(position, context)],
        value: lowerer.expr(missing, context),
      })
    }
    const unknown = this.buffer(unknownTable(block), [], false)
    out.push({
      op: 'map',
      out: unknown,
      axes: shared.axes,
      at: rowAt,
      value: k.sum(i, k.load(mask, ...rowAt, k.axis(i))),
    })
    const both = k.mul(k.load(mask, ...rowAt, k.axis(i)), k.load(mask, ...rowAt, k.axis(j)))
    const identity = k.compare('==', k.axis(i), k.axis(j))
    const known = this.buffer(`precision of missing ${block.id}`, [order, order])
    const inverse = this.buffer(`inverse ${block.id}`, [order, order])
    const cell = [...at, k.axis(i), k.axis(j)]
    out.push(
      {
        op: 'map',
        out: known,
        axes: [...lead, i, j],
        at: cell,
        value: k.select(both, k.load(lambda, ...cell), identity),
      },
      { op: 'small', kind: 'inverse', axes: lead, at, order: size, matrix: known, out: inverse },
      { op: 'small', kind: 'logdet', axes: lead, at, order: size, matrix: known, out: logdet },
      { op: 'map', out: covariance, axes: [...lead, i, j], at: cell, value: k.mul(both, k.load(inverse, ...cell)) },
    )
    out.push(...this.root(inverse, lead, at))
    return out
  }

  /**
   * A term whose value is that of every class: its half above or below the diagonal, added once and not for each of them;
   * null where it is another one for some.
   */
  private unscoped(t: BlockTerm, shared: Placed, pair: readonly Expr[], value: Expr): KernelOp | null {
    const { block, owner } = this
    const op = owner.scatter(this.halfTable, block, t, shared, (row) => [...placeOfRow(block, row), ...pair], value)
    if (op.op !== 'scatterAdd') throw new Error('a term that is not added')
    const classes = new Set(owner.scope(block, shared.context).axes.map((a) => a.id))
    const axes = op.axes.filter((a) => !classes.has(a.id))
    const read = [op.value, ...op.at, ...axes.flatMap((a) => a.ragged?.at ?? [])]
    return read.some((e) => [...freeAxes(e)].some((id) => classes.has(id))) ? null : { ...op, axes }
  }

  /** Λ += H + Hᵀ for every class, H the halves of the terms that are the same for all. */
  private bothHalves(lambda: string, shared: Placed, halves: readonly KernelOp[]): readonly KernelOp[] {
    if (halves.length === 0) return []
    const { block, owner, lowerer } = this
    const scope = owner.scope(block, shared.context)
    const order = dimension(block)
    const size = lowerer.size(order)
    const half = this.buffer(this.halfTable, [order, order], false)
    const i: Axis = { id: `i ${this.halfTable}`, name: 'i', size }
    const j: Axis = { id: `j ${this.halfTable}`, name: 'j', size }
    const row = owner.at(shared.row, shared.context)
    const at = owner.at(posteriorAt(block, shared.row, this.values), scope.context)
    return [
      { op: 'fill', out: half, value: 0 },
      ...halves,
      {
        op: 'scatterAdd',
        out: lambda,
        axes: [...shared.axes, ...scope.axes, i, j],
        at: [...at, k.axis(i), k.axis(j)],
        value: k.add(k.load(half, ...row, k.axis(i), k.axis(j)), k.load(half, ...row, k.axis(j), k.axis(i))),
      },
    ]
  }

  private get halfTable(): string {
    return `half of precision ${this.block.id}`
  }

  /** Index of a cell in its data array, in a context of `shared`. */
  private dataIndex(l: BlockLatent, rows: Placed, shared: Placed): readonly Expr[] {
    return [...(shared.row.length > 0 ? rows.row : []), ...l.coordinates.map(idx)]
  }

  /** h, and m = r + V·h. */
  private means(rows: Placed): readonly KernelOp[] {
    const { block, owner, lowerer } = this
    const order = dimension(block)
    const h = owner.scratch(`linear ${block.id}`, block, [order])
    const mean = owner.scratch(meanTable(block), block, [order])
    const out: KernelOp[] = [{ op: 'fill', out: h, value: 0 }]
    for (const t of block.linear)
      out.push(
        owner.scatter(
          h,
          block,
          t,
          rows,
          (row) => [...posteriorAt(block, row, this.values), cellPosition(block, t.cell)],
          t.coefficient,
        ),
      )
    const j: Axis = { id: `j ${block.id}`, name: 'j', size: lowerer.size(order) }
    for (const l of block.latents) {
      const scope = owner.scope(block, rows.context)
      const { axes, context } = lowerer.loops(l.coordinates, scope.context)
      const position = lowerer.position(
        cellPosition(block, { latent: l.latent.name, at: l.coordinates.map(idx) }),
        context,
      )
      const lead = owner.at(posteriorAt(block, rows.row, this.values), context)
      const sharedLead = owner.at(this.sharedRow(rows), context)
      const moved = k.sum(
        j,
        k.mul(k.load(this.covarianceOfMeans, ...sharedLead, position, k.axis(j)), k.load(h, ...lead, k.axis(j))),
      )
      const base = l.latent.evidence
        ? k.load(referenceTable(l.latent.name), ...owner.at([...rows.row, ...l.coordinates.map(idx)], context))
        : k.num(0)
      out.push({
        op: 'map',
        out: mean,
        axes: [...rows.axes, ...scope.axes, ...axes],
        at: [...lead, position],
        value: k.add(base, moved),
      })
    }
    return out
  }

  // -- draws -----------------------------------------------------------------------------------------------------------

  /** Λ⁻¹: of a draw, what is read of the posterior has no covariance. */
  private get covarianceOfMeans(): string {
    return this.draws === null ? covarianceTable(this.block) : `inverse precision ${this.block.id}`
  }

  /** L with L Lᵀ = Λ⁻¹, observed cells as if they were of variance 1, and a covariance of 0. */
  private root(inverse: string, lead: readonly Axis[], at: readonly KExpr[]): readonly KernelOp[] {
    const { block, lowerer } = this
    if (this.draws === null) return []
    const order = dimension(block)
    const root = this.buffer(`root ${block.id}`, [order, order])
    return [
      { op: 'small', kind: 'cholesky', axes: lead, at, order: lowerer.size(order), matrix: inverse, out: root },
      { op: 'fill', out: this.buffer(covarianceTable(block), [order, order]), value: 0 },
    ]
  }

  /** A standard normal number for each cell, which the solution turns into the draw's distance from the mean. */
  private jointNoise(draws: Draws, out: KernelOp[]): string {
    const { block, lowerer, owner } = this
    const order = dimension(block)
    const noise = owner.scratch(`noise ${block.id}`, block, [order])
    const axis: Axis = { id: `cell ${block.id}`, name: 'i', size: lowerer.size(order) }
    const value = draws.stream('normalDraw')(k.axis(axis), k.num(0))
    out.push({ op: 'map', out: noise, axes: [axis], at: [k.axis(axis)], value })
    return noise
  }

  private sharedRow(rows: Placed): readonly Expr[] {
    const { block } = this
    const at = posteriorAt(block, rows.row, this.values)
    if (block.sharing === 'row') return at
    const scope = at.slice(rows.row.length)
    return block.pattern === null ? scope : [ref('const', block.pattern.id, rows.row), ...scope]
  }

  // -- one system over all cells ---------------------------------------------------------------------------------------

  private joint(rows: Placed): readonly KernelOp[] {
    const { block, lowerer, owner } = this
    const order = dimension(block)
    const size = lowerer.size(order)
    const out: KernelOp[] = []
    const entries = block.quadratic.map((t, n) => this.entry(t, n, out))
    const h = owner.scratch(`linear ${block.id}`, block, [order])
    out.push({ op: 'fill', out: h, value: 0 })
    for (const t of block.linear) {
      const unknown = this.unknownCell(t.cell)
      const value = unknown === null ? t.coefficient : mul(unknown, t.coefficient)
      out.push(owner.scatter(h, block, t, rows, () => [cellPosition(block, t.cell)], value))
    }
    const solution = owner.scratch(`solution ${block.id}`, block, [order])
    const logdet = owner.scratch(logdetTable(block), block, [])
    const covariance = lowerer.buffer({ id: covarianceTable(block), space: 'scratch', type: 'f64', shape: [] })
    lowerer.sparse.add(covariance)
    const draw = this.draws === null ? {} : { draw: this.jointNoise(this.draws, out) }
    out.push({ op: 'sparseGaussian', order: size, entries, linear: h, mean: solution, logdet, covariance, ...draw })
    const mean = owner.scratch(meanTable(block), block, [order])
    const unknown = countsCells(block) ? owner.scratch(unknownTable(block), block, []) : null
    if (unknown !== null) out.push({ op: 'fill', out: unknown, value: 0 })
    for (const l of block.latents) {
      const { axes, context } = lowerer.loops(l.coordinates, rows.context)
      const cell: BlockCell = { latent: l.latent.name, at: l.coordinates.map(idx) }
      const position = lowerer.position(cellPosition(block, cell), context)
      const base = l.latent.evidence ? k.load(referenceTable(l.latent.name), ...owner.at(cell.at, context)) : k.num(0)
      out.push({ op: 'map', out: mean, axes, at: [position], value: k.add(base, k.load(solution, position)) })
      if (unknown !== null)
        out.push({
          op: 'scatterAdd',
          out: unknown,
          axes,
          at: [],
          value: lowerer.expr(this.unknownCell(cell) ?? ONE, context),
        })
    }
    return out
  }

  /** Λ's entries of one term: their positions, −1 where a cell is observed, and values. */
  private entry(
    t: BlockTerm & { readonly cells: readonly [BlockCell, BlockCell] },
    n: number,
    out: KernelOp[],
  ): { readonly rows: string; readonly columns: string; readonly values: string } {
    const { block, lowerer } = this
    const { axes, context } = lowerer.loops(
      [...t.factor.lifted.factor.loops.map((l) => l.index), ...t.loops],
      this.owner.base,
    )
    const shape = axes.map((a) => a.size)
    const make = (part: string): string =>
      lowerer.buffer({ id: `${part} ${n + 1} ${block.id}`, space: 'scratch', type: 'f64', shape })
    const [rows, columns, values] = [make('rows'), make('columns'), make('values')]
    const at = axes.map((a) => k.axis(a))
    const position = (cell: BlockCell): KExpr => {
      const own = lowerer.position(cellPosition(block, cell), context)
      const unknown = this.unknownCell(cell)
      return unknown === null ? own : k.select(lowerer.expr(unknown, context), own, k.num(-1))
    }
    const weight = weightOf(t.factor.lifted.factor.loops)
    const value = mul(num(-1), t.coefficient, ...(weight === null ? [] : [weight]))
    if (axes.some((a) => a.ragged !== undefined))
      out.push({ op: 'fill', out: rows, value: -1 }, { op: 'fill', out: columns, value: -1 })
    out.push(
      { op: 'map', out: rows, axes, at, value: position(t.cells[0]) },
      { op: 'map', out: columns, axes, at, value: position(t.cells[1]) },
      {
        op: 'map',
        out: values,
        axes,
        at,
        value: lowerer.guarded(t.guards, lowerer.expr(value, context), context),
      },
    )
    return { rows, columns, values }
  }

  private unknownCell(cell: BlockCell): Expr | null {
    return unknownCell(this.block, cell)
  }
}

/** 1 where a cell of one system over all cells is not observed, else 0; null where it never is. */
export function unknownCell(block: GaussianBlock, cell: BlockCell): Expr | null {
  const evidence = block.latents.some((l) => l.latent.name === cell.latent && l.latent.evidence)
  return evidence ? caseOf(observedCell(cell.latent, cell.at), num(0), ONE) : null
}

const observedCell = (name: string, at: readonly Expr[]) => compare('==', ref('observed', name, at), ONE)
