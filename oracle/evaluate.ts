/** Values of typed expressions, by walking them. Bools are 0 and 1, labels level numbers from 1. */
import type { Domain, Subscript, SymbolId, TExpr } from '../lang/typed/types.js'
import { asArray, asNumber, map, range, zip } from './arrays.js'
import { functions, multiply, power } from './functions.js'
import { type Cell, type Index, resolve, type Stored, select } from './stored.js'
import { OracleError, type Value, type Values } from './types.js'
import { levelCount, levelsOf, sizeValue, symbolOf, type World } from './world.js'

export interface Environment {
  readonly world: World
  /** Index variables, and the value inside a Custom density. */
  readonly bound: ReadonlyMap<SymbolId, Value>
  readonly params: Values
  readonly lookup: (cell: Cell) => number
}

export function bind(env: Environment, entries: readonly (readonly [SymbolId, Value])[]): Environment {
  return { ...env, bound: new Map([...env.bound, ...entries]) }
}

export function evaluate(e: TExpr, env: Environment): Value {
  switch (e.kind) {
    case 'number':
      return e.value
    case 'bool':
      return e.value ? 1 : 0
    case 'label':
      return labelNumber(e.levels, e.column === null ? null : number(e.column, env), e.value, env.world)
    case 'constant':
      return e.name === 'pi' ? Math.PI : Math.E
    case 'ref':
      return reference(e.symbol, e.subscripts, env)
    case 'subscript':
      return pick(evaluate(e.of, env), e.subscripts, env)
    case 'negate':
      return map(evaluate(e.of, env), (x) => -x)
    case 'not':
      return map(evaluate(e.of, env), (x) => (x === 0 ? 1 : 0))
    case 'binary':
      return binary(e.operator, evaluate(e.left, env), evaluate(e.right, env))
    case 'compare':
      return zip(evaluate(e.left, env), evaluate(e.right, env), comparison(e.operator))
    case 'and':
      return truth(e.left, env) && truth(e.right, env) ? 1 : 0
    case 'or':
      return truth(e.left, env) || truth(e.right, env) ? 1 : 0
    case 'conditional':
      return evaluate(truth(e.condition, env) ? e.then : e.otherwise, env)
    case 'call':
      return call(e.name, e.arguments, env)
    case 'vector':
      return e.elements.map((x) => evaluate(x, env))
    case 'comprehension':
      return domainValues(e.domain, env).map((i) => evaluate(e.body, bind(env, [[e.index, i]])))
  }
}

export function number(e: TExpr, env: Environment): number {
  return asNumber(evaluate(e, env))
}

export function truth(e: TExpr, env: Environment): boolean {
  return number(e, env) === 1
}

/** The values of an index variable, in order. */
export function domainValues(domain: Domain, env: Environment): readonly number[] {
  if (domain.kind === 'range') return range(number(domain.from, env), number(domain.to, env))
  const column = domain.column === null ? null : number(domain.column, env)
  return range(1, levelCount(env.world, domain.levels, column))
}

function labelNumber(levels: SymbolId, column: number | null, label: string, world: World): number {
  const lists = levelsOf(world, levels)
  return (lists[column === null ? 0 : column - 1] ?? []).indexOf(label) + 1
}

/** Subscripts with their values. */
export function subscriptValues(subscripts: readonly Subscript[], env: Environment): Index[] {
  return subscripts.map((s) => {
    if (s.kind === 'all') return { kind: 'all' }
    if (s.kind === 'at') return { kind: 'at', index: number(s.index, env) }
    return { kind: 'slice', from: s.from && number(s.from, env), to: s.to && number(s.to, env) }
  })
}

function pick(value: Value, subscripts: readonly Subscript[], env: Environment): Value {
  if (subscripts.length === 0) return value
  return resolve(select(value, subscriptValues(subscripts, env)), env.lookup)
}

function reference(id: SymbolId, subscripts: readonly Subscript[], env: Environment): Value {
  const bound = env.bound.get(id)
  if (bound !== undefined) return pick(bound, subscripts, env)
  const symbol = symbolOf(env.world, id)
  switch (symbol.kind) {
    case 'const':
      return pick(env.world.consts.get(symbol.name) ?? evaluate(symbol.value, env), subscripts, env)
    case 'size':
      return pick(sizeValue(env.world, symbol), subscripts, env)
    case 'param': {
      const value = env.params.get(symbol.name)
      if (value === undefined) throw new OracleError(`no value for the param ${symbol.name}`)
      return pick(value, subscripts, env)
    }
    case 'data':
    case 'latent':
      return resolve(select(storedOf(id, env.world), subscriptValues(subscripts, env)), env.lookup)
    case 'let': {
      const own = subscriptValues(subscripts.slice(0, symbol.indices.length), env)
      const entries = symbol.indices.map((index, i) => {
        const s = own[i]
        if (s?.kind !== 'at') throw new OracleError(`${symbol.name} is read without its index`)
        return [index, s.index] as const
      })
      return pick(evaluate(symbol.value, bind(env, entries)), subscripts.slice(symbol.indices.length), env)
    }
    case 'index':
      throw new OracleError(`the index ${symbol.name} has no value here`)
  }
}

export function storedOf(id: SymbolId, world: World): Stored {
  const stored = world.stored.get(id)
  if (stored === undefined) throw new OracleError(`${symbolOf(world, id).name} is read but nothing declares it`)
  return stored
}

function binary(operator: '+' | '-' | '*' | '/' | '^' | '.*' | './', a: Value, b: Value): Value {
  switch (operator) {
    case '+':
      return zip(a, b, (x, y) => x + y)
    case '-':
      return zip(a, b, (x, y) => x - y)
    case '*':
      return multiply(a, b)
    case '.*':
      return zip(a, b, (x, y) => x * y)
    case '/':
    case './':
      return zip(a, b, (x, y) => x / y)
    case '^':
      return power(a, b)
  }
}

function comparison(operator: '==' | '!=' | '<' | '<=' | '>' | '>='): (x: number, y: number) => number {
  const test: (x: number, y: number) => boolean = {
    '==': (x: number, y: number) => x === y,
    '!=': (x: number, y: number) => x !== y,
    '<': (x: number, y: number) => x < y,
    '<=': (x: number, y: number) => x <= y,
    '>': (x: number, y: number) => x > y,
    '>=': (x: number, y: number) => x >= y,
  }[operator]
  return (x, y) => (test(x, y) ? 1 : 0)
}

function call(name: string, args: readonly TExpr[], env: Environment): Value {
  if (name === 'levels') return levelsCall(args, env)
  const f = functions.get(name)
  if (f === undefined) throw new OracleError(`the oracle has no function ${name}`)
  return f(args.map((a) => evaluate(a, env)))
}

/** `levels(y)` where it was left as a call: the number of levels, one per column where each has its own. */
function levelsCall(args: readonly TExpr[], env: Environment): Value {
  const [of] = args
  if (of?.kind !== 'ref') throw new OracleError('levels() needs a data column')
  const symbol = symbolOf(env.world, of.symbol)
  if (symbol.kind === 'size') return pick(sizeValue(env.world, symbol), of.subscripts, env)
  if (symbol.kind !== 'data' || symbol.type.support.kind !== 'category')
    throw new OracleError('levels() needs a category')
  const size = symbolOf(env.world, symbol.type.support.levels)
  if (size.kind !== 'size') throw new OracleError('a level set is not a size')
  const counts = sizeValue(env.world, size)
  const last = of.subscripts.at(-1)
  if (typeof counts === 'number' || last?.kind !== 'at') return counts
  return asNumber(asArray(counts)[number(last.index, env) - 1] ?? Number.NaN)
}
