/** Statements, unrolled over the data: one instance per setting of the loops; the cells of latents are made on the way. */
import type { SymbolId, TExpr, TStatement } from '../lang/typed/types.js'
import { asNumber, at, range } from './arrays.js'
import { bind, domainValues, type Environment, evaluate, number, storedOf, subscriptValues } from './evaluate.js'
import type { Block, Guard, Instance } from './ground-types.js'
import { fixedTruth } from './reads.js'
import { isList, type Stored, select } from './stored.js'
import { OracleError } from './types.js'
import { newCell, symbolOf, type World } from './world.js'

/** What encloses a statement. */
export interface Context {
  readonly env: Environment
  readonly guards: readonly Guard[]
  readonly block: Block
  readonly weight: number
}

/** Appends the instances of the statements to `out`; `if` on data is decided, other `if` becomes a guard. */
export function unroll(statements: readonly TStatement[], context: Context, out: Instance[]): void {
  for (const s of statements) {
    switch (s.kind) {
      case 'for':
        for (const i of domainValues(s.domain, context.env)) {
          const env = bind(context.env, [[s.index, i]])
          const weight = s.weight === null ? 1 : number(s.weight, env)
          const inner = weight === 1 ? context.block : childBlock(context.block, weight)
          unroll(s.body, { ...context, env, block: inner, weight: context.weight * weight }, out)
        }
        break
      case 'if': {
        const holds = fixedTruth(s.condition, context.env)
        for (const branch of [true, false]) {
          if (holds === !branch) continue
          const guard: Guard = { condition: s.condition, holds: branch, env: context.env }
          const guards = holds === null ? [...context.guards, guard] : context.guards
          unroll(branch ? s.then : s.otherwise, { ...context, guards }, out)
        }
        break
      }
      case 'sample': {
        const target = s.role === 'prior' ? null : targetOf(s.target, context.env)
        out.push({ statement: s, ...context, target })
        break
      }
      case 'observe-equation':
      case 'observe-condition':
        out.push({ statement: s, ...context, target: null })
        break
    }
  }
}

function childBlock(parent: Block, weight: number): Block {
  if (!(weight >= 0)) throw new OracleError(`a weight is ${weight}`)
  const block: Block = { weight, factors: [], children: [], cells: [], parent }
  parent.children.push(block)
  return block
}

/** The left side of `~` as numbers and cells; cells of latents are made here. */
function targetOf(e: TExpr, env: Environment): Stored {
  if (e.kind === 'vector') return e.elements.map((x) => targetOf(x, env))
  if (e.kind !== 'ref') return evaluate(e, env)
  const symbol = symbolOf(env.world, e.symbol)
  if (symbol.kind !== 'data' && symbol.kind !== 'latent') return evaluate(e, env)
  const subscripts = subscriptValues(e.subscripts, env)
  if (symbol.kind === 'latent') {
    const dims = [...symbol.type.batch, ...symbol.type.core]
    const extend = (indices: readonly number[]): void => {
      const position = indices.length
      const dim = dims[position]
      if (dim === undefined) {
        declare(env.world, symbol.id, symbol.name, indices)
        return
      }
      const s = subscripts[position]
      if (s?.kind === 'at') {
        extend([...indices, s.index])
        return
      }
      const size = evaluate(dim.size, env)
      const n = typeof size === 'number' ? size : asNumber(at(size, at(indices, dim.raggedBy ?? 0) - 1))
      const [from, to] = s?.kind === 'slice' ? [s.from ?? 1, s.to ?? n] : [1, n]
      for (const i of range(from, to)) extend([...indices, i])
    }
    extend([])
  }
  return select(storedOf(e.symbol, env.world), subscripts)
}

/** Puts a cell at these indices of a latent, unless another branch did. */
function declare(world: World, id: SymbolId, name: string, indices: readonly number[]): void {
  const put = (stored: Stored | undefined, position: number): Stored => {
    if (position === indices.length) return stored ?? newCell(world, id, name, indices)
    // grown in place: only this makes the lists of latents, and copies would cost the square of their length
    const list = stored !== undefined && stored !== null && isList(stored) ? (stored as Stored[]) : []
    const i = at(indices, position)
    if (!Number.isInteger(i) || i < 1) throw new OracleError(`${name} is declared at index ${i}`)
    while (list.length < i) list.push(null)
    list[i - 1] = put(list[i - 1] ?? undefined, position + 1)
    return list
  }
  world.stored.set(id, put(world.stored.get(id), 0))
}
