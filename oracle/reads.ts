/** Which cells an expression may read, whatever the values of latents and params. */
import type { Domain, Subscript, SymbolId, TDistribution, TExpr } from '../lang/typed/types.js'
import { bind, domainValues, type Environment, number, truth } from './evaluate.js'
import { type Cell, cellsIn, type Index, select } from './stored.js'
import { symbolOf } from './world.js'

export interface Reads {
  readonly cells: Set<Cell>
  /** Names of params. */
  readonly params: Set<string>
  /** True when the value may vary: it depends on params, latents or missing cells. */
  varies: boolean
}

export function noReads(): Reads {
  return { cells: new Set(), params: new Set(), varies: false }
}

export function readsOf(e: TExpr, env: Environment): Reads {
  const reads = noReads()
  collect(e, env, reads)
  return reads
}

/** The truth of a condition that does not vary, else null. */
export function fixedTruth(e: TExpr, env: Environment): boolean | null {
  return readsOf(e, env).varies ? null : truth(e, env)
}

export function collect(e: TExpr, env: Environment, out: Reads): void {
  switch (e.kind) {
    case 'number':
    case 'bool':
    case 'constant':
      return
    case 'label':
      if (e.column !== null) collect(e.column, env, out)
      return
    case 'ref':
      collectReference(e.symbol, e.subscripts, env, out)
      return
    case 'subscript':
      collect(e.of, env, out)
      indices(e.subscripts, env, out)
      return
    case 'negate':
    case 'not':
      collect(e.of, env, out)
      return
    case 'binary':
    case 'compare':
      collect(e.left, env, out)
      collect(e.right, env, out)
      return
    case 'and':
    case 'or': {
      collect(e.left, env, out)
      const left = fixedTruth(e.left, env)
      if (left === null || left === (e.kind === 'and')) collect(e.right, env, out)
      return
    }
    case 'conditional': {
      const condition = fixedTruth(e.condition, env)
      if (condition === null) collect(e.condition, env, out)
      if (condition !== false) collect(e.then, env, out)
      if (condition !== true) collect(e.otherwise, env, out)
      return
    }
    case 'call':
      if (e.name !== 'size' && e.name !== 'levels') for (const a of e.arguments) collect(a, env, out)
      return
    case 'vector':
      for (const x of e.elements) collect(x, env, out)
      return
    case 'comprehension':
      overDomain(e.index, e.domain, env, (inner) => collect(e.body, inner, out))
      return
  }
}

export function overDomain(
  index: SymbolId,
  domain: Domain,
  env: Environment,
  visit: (inner: Environment) => void,
): void {
  for (const i of domainValues(domain, env)) visit(bind(env, [[index, i]]))
}

/** Subscripts with their values, `any` where a subscript varies; what the subscripts themselves read is collected. */
function indices(subscripts: readonly Subscript[], env: Environment, out: Reads): Index[] {
  const fixed = (e: TExpr): number | null => {
    const reads = readsOf(e, env)
    for (const cell of reads.cells) out.cells.add(cell)
    for (const name of reads.params) out.params.add(name)
    out.varies ||= reads.varies
    return reads.varies ? null : number(e, env)
  }
  return subscripts.map((s): Index => {
    if (s.kind === 'all') return { kind: 'all' }
    if (s.kind === 'at') {
      const index = fixed(s.index)
      return index === null ? { kind: 'any' } : { kind: 'at', index }
    }
    const from = s.from === null ? null : fixed(s.from)
    const to = s.to === null ? null : fixed(s.to)
    return { kind: 'slice', from, to }
  })
}

function collectReference(id: SymbolId, subscripts: readonly Subscript[], env: Environment, out: Reads): void {
  const at = indices(subscripts, env, out)
  if (env.bound.has(id)) return
  const symbol = symbolOf(env.world, id)
  switch (symbol.kind) {
    case 'param':
      out.varies = true
      out.params.add(symbol.name)
      return
    case 'const':
      if (!env.world.consts.has(symbol.name)) collect(symbol.value, env, out)
      return
    case 'let': {
      const body = (position: number, inner: Environment): void => {
        const index = symbol.indices[position]
        const value = at[position]
        if (index === undefined) collect(symbol.value, inner, out)
        else if (value?.kind === 'at') body(position + 1, bind(inner, [[index, value.index]]))
        else {
          const loop = symbolOf(env.world, index)
          if (loop.kind === 'index') overDomain(index, loop.domain, inner, (next) => body(position + 1, next))
        }
      }
      body(0, env)
      return
    }
    case 'latent':
    case 'data': {
      if (symbol.kind === 'latent') out.varies = true
      const stored = env.world.stored.get(id)
      if (stored === undefined) return
      for (const cell of cellsIn(select(stored, at))) {
        out.cells.add(cell)
        out.varies = true
      }
      return
    }
    case 'size':
    case 'index':
      return
  }
}

/** Everything a distribution's arguments may read. */
export function collectDistribution(d: TDistribution, env: Environment, out: Reads): void {
  switch (d.kind) {
    case 'plain':
      for (const a of d.arguments) collect(a.value, env, out)
      return
    case 'mixture': {
      collect(d.weights, env, out)
      const { components } = d
      if (components.kind === 'listed') for (const c of components.components) collectDistribution(c, env, out)
      else
        overDomain(components.index, components.domain, env, (inner) =>
          collectDistribution(components.component, inner, out),
        )
      return
    }
    case 'truncated':
    case 'censored':
      collectDistribution(d.of, env, out)
      if (d.low !== null) collect(d.low, env, out)
      if (d.high !== null) collect(d.high, env, out)
      return
    case 'custom':
      collect(d.logDensity, env, out)
      return
  }
}
