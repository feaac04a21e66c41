import type {
  DataSymbol,
  Domain,
  LatentSymbol,
  ModelSymbol,
  ParamSymbol,
  Subscript,
  SymbolId,
  TDistribution,
  TExpr,
  TStatement,
  TypedModel,
} from '../../lang/typed/types.js'
import { children, domainExpressions, freeSymbols } from '../../lang/typed/visit.js'
import { float, idx, notOf } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'
import { Elaborator } from '../graph/elaborate.js'
import { IndexSupply, NotElaborated } from '../graph/tensors.js'
import { findOutside, type Indices, type Place } from './outside.js'
import { BindError, type BoundNumbers } from './sizes.js'

/** Where an expression stands. */
interface Around {
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
  readonly env: ReadonlyMap<SymbolId, Expr>
}

/**
 * A model that names a fixed place (`z[2]`) or one at a fixed distance (`z[t - 2]`) reads past the end of an array, or
 * of one of its sequences, that is too short: found when data is bound, since the data says how long they are. Other
 * subscripts are not looked at, nor are those that a condition excludes.
 *
 * @param consts names of the bind tables that `numbers` knows
 * @throws BindError naming the first place that is not there
 */
export function checkPlaces(model: TypedModel, numbers: BoundNumbers, consts: ReadonlySet<string>): void {
  const check = new PlaceCheck(model, numbers, consts)
  check.statements(model.statements, { loops: [], guards: [], env: new Map() })
}

class PlaceCheck {
  private readonly symbols: ReadonlyMap<SymbolId, ModelSymbol>
  private readonly supply = new IndexSupply()
  private readonly elaborator: Elaborator
  /** Values of lets that were seen, with what stood around them. */
  private readonly seen = new Set<string>()

  constructor(
    private readonly model: TypedModel,
    private readonly numbers: BoundNumbers,
    private readonly consts: ReadonlySet<string>,
  ) {
    this.symbols = new Map(model.symbols.map((s) => [s.id, s]))
    const { symbols, supply } = this
    this.elaborator = new Elaborator({ symbols, supply, asLatent: new Set(), bindTables: new Map() })
  }

  statements(list: readonly TStatement[], around: Around): void {
    for (const s of list) {
      switch (s.kind) {
        case 'for': {
          for (const e of domainExpressions(s.domain)) this.expression(e, around)
          const inner = this.inLoop(s.index, s.domain, around)
          if (s.weight !== null) this.expression(s.weight, inner)
          this.statements(s.body, inner)
          break
        }
        case 'if':
          this.expression(s.condition, around)
          this.statements(s.then, this.where(s.condition, true, around))
          this.statements(s.otherwise, this.where(s.condition, false, around))
          break
        case 'sample':
          this.expression(s.target, around)
          this.distribution(s.distribution, around)
          break
        case 'observe-equation':
          this.expression(s.left, around)
          this.expression(s.right, around)
          break
        case 'observe-condition':
          this.expression(s.condition, around)
      }
    }
  }

  private distribution(d: TDistribution, around: Around): void {
    switch (d.kind) {
      case 'plain':
        for (const a of d.arguments) this.expression(a.value, around)
        break
      case 'mixture': {
        this.expression(d.weights, around)
        const { components } = d
        if (components.kind === 'listed') for (const c of components.components) this.distribution(c, around)
        else this.distribution(components.component, this.inLoop(components.index, components.domain, around))
        break
      }
      case 'truncated':
      case 'censored':
        this.distribution(d.of, around)
        for (const e of [d.low, d.high]) if (e !== null) this.expression(e, around)
        break
      case 'custom':
        this.expression(d.logDensity, around)
    }
  }

  private expression(e: TExpr, around: Around): void {
    switch (e.kind) {
      case 'conditional':
        this.expression(e.condition, around)
        this.expression(e.then, this.where(e.condition, true, around))
        this.expression(e.otherwise, this.where(e.condition, false, around))
        return
      case 'and':
      case 'or':
        // the right side counts only where the left does not decide
        this.expression(e.left, around)
        this.expression(e.right, this.where(e.left, e.kind === 'and', around))
        return
      case 'comprehension':
        for (const x of domainExpressions(e.domain)) this.expression(x, around)
        this.expression(e.body, this.inLoop(e.index, e.domain, around))
        return
      case 'ref':
        this.reference(e, around)
    }
    for (const child of children(e)) this.expression(child, around)
  }

  private reference(e: TExpr & { kind: 'ref' }, around: Around): void {
    const s = this.symbols.get(e.symbol)
    if (s?.kind === 'let') {
      const env = new Map(around.env)
      s.indices.forEach((index, i) => {
        const at = e.subscripts[i]
        const value = at?.kind === 'at' ? this.scalar(at.index, around) : null
        if (value !== null) env.set(index, value)
      })
      if (s.indices.some((index) => !env.has(index))) return
      const key = [s.id, ...[...env].map(([id, v]) => `${id} ${keyOf(v)}`), JSON.stringify(around.guards)].join('|')
      if (this.seen.has(key)) return
      this.seen.add(key)
      this.expression(s.value, { ...around, env })
    } else if (s?.kind === 'data' || s?.kind === 'latent' || s?.kind === 'param') this.array(s, e, around)
  }

  private array(s: DataSymbol | LatentSymbol | ParamSymbol, e: TExpr & { kind: 'ref' }, around: Around): void {
    const dims = [...s.type.batch, ...s.type.core]
    const loops = [...around.loops]
    const before: (Expr | null)[] = []
    e.subscripts.forEach((subscript, i) => {
      const dim = dims[i]
      const by = dim === undefined || dim.raggedBy === null ? null : (before[dim.raggedBy] ?? null)
      const extent = dim === undefined ? null : this.extent(dim.size, by)
      if (extent === null || dim === undefined || (dim.raggedBy !== null && by === null)) {
        before.push(null)
        return
      }
      const low = s.kind === 'latent' ? lowestPlace(s.plates[i]) : 1
      for (const end of ends(subscript, low, extent)) {
        const place = this.scalar(end.at, around)
        if (place === null) continue
        const searched = { subscript: place, low: end.low, extent: end.extent, loops, guards: around.guards }
        const found = findOutside(searched, this.numbers, this.consts)
        if (found !== null) throw this.error(e, dim.size, searched, by, found)
      }
      if (subscript.kind === 'at') before.push(this.scalar(subscript.index, around))
      else {
        // every one of the dimension
        const all = this.supply.fresh('i', extent)
        loops.push(all)
        before.push(subscript.kind === 'all' ? idx(all) : null)
      }
    })
  }

  /** Number of places: of the sequence `by` where it is ragged. */
  private extent(size: TExpr, by: Expr | null): Expr | null {
    if ([...freeSymbols(size)].some((id) => this.symbols.get(id)?.kind === 'index')) return null
    if (by === null) return this.scalar(size, { loops: [], guards: [], env: new Map() })
    return size.kind === 'ref' ? { kind: 'ref', space: 'size', name: size.symbol, index: [by] } : null
  }

  private error(e: TExpr & { kind: 'ref' }, size: TExpr, at: Place, by: Expr | null, found: Indices): BindError {
    const text = this.text(e)
    const name = nameOf(this.symbols.get(e.symbol))
    const place = this.numbers.value(at.subscript, found)
    const variable = at.loops.find((v) => at.subscript.kind !== 'index' && freeIndices(at.subscript).has(v.id))
    const where = variable === undefined ? '' : ` (at ${variable.name} = ${found.get(variable.id)})`
    if (place < at.low)
      return new BindError(
        'E419',
        `\`${text}\` is place ${place} of \`${name}\`${where}, before its first`,
        'begin the loop later, or give the first places statements of their own',
      )
    const length = this.numbers.value(at.extent, found)
    const of = size.kind === 'ref' ? this.symbols.get(size.symbol) : undefined
    if (by !== null && of?.kind === 'size' && of.origin === 'length')
      return new BindError(
        'E419',
        `sequence ${this.numbers.value(by, found)} has length ${length}, and the model names place ${place} of it: \`${text}\`${where}`,
        'leave out the sequences that are too short, or name the place only in a loop or under a condition that excludes them',
      )
    return new BindError(
      'E419',
      `\`${text}\` is place ${place} of \`${name}\`${where}, but ${this.text(size)} is ${length}`,
      'give data that has the place, or name it only in a loop or under a condition that excludes it',
    )
  }

  private text(e: TExpr): string {
    if (e.kind === 'ref' && e.subscripts.length === 0) return nameOf(this.symbols.get(e.symbol))
    const { text } = this.model.source
    const own = text.slice(e.span.start, e.span.end)
    // the name alone is the span of what is declared
    const subscripts = own.includes('[') ? '' : (/^\s*\[[^\]]*\]/.exec(text.slice(e.span.end))?.[0] ?? '')
    return `${own}${subscripts}`.replace(/\s+/g, ' ').trim()
  }

  private inLoop(index: SymbolId, domain: Domain, around: Around): Around {
    const symbol = this.symbols.get(index)
    const v = this.elaborator.domain(domain, nameOf(symbol), around.env)
    this.elaborator.loopVariables.set(v.id, v)
    return { ...around, loops: [...around.loops, v], env: new Map([...around.env, [index, idx(v)]]) }
  }

  private where(condition: TExpr, holds: boolean, around: Around): Around {
    const guard = this.elaborated(() => this.elaborator.guard(condition, around.env))
    if (guard === null) return around
    return { ...around, guards: [...around.guards, holds ? guard : notOf(guard)] }
  }

  private scalar(e: TExpr, around: Around): Expr | null {
    return this.elaborated(() => this.elaborator.scalar(e, around.env))
  }

  private elaborated<T>(make: () => T): T | null {
    try {
      return make()
    } catch (error) {
      if (error instanceof NotElaborated) return null
      throw error
    }
  }
}

interface End {
  readonly at: TExpr
  readonly low: number
  readonly extent: Expr
}

/** The expressions of a subscript that must be places. A slice may be empty: its ends may pass each other. */
function ends(s: Subscript, low: number, extent: Expr): readonly End[] {
  if (s.kind === 'at') return [{ at: s.index, low, extent }]
  if (s.kind === 'all') return []
  const from = s.from === null ? [] : [{ at: s.from, low, extent: float(Number.POSITIVE_INFINITY) }]
  return s.to === null ? from : [...from, { at: s.to, low: Number.NEGATIVE_INFINITY, extent }]
}

/** The first place of a latent's plate; -Infinity where it is no plain number. */
function lowestPlace(plate: Domain | undefined): number {
  if (plate?.kind !== 'range') return 1
  return plate.from.kind === 'number' ? plate.from.value : Number.NEGATIVE_INFINITY
}

const nameOf = (s: ModelSymbol | undefined): string => s?.name ?? ''
