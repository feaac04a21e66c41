import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { k, printKernel, verifyKernel } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../compiler/targets/interpreter/index.js'
import { compileJavaScript, emitJavaScript } from '../../../compiler/targets/javascript/index.js'
import type { CompileKernel, Memory, RowBlock } from '../../../compiler/targets/memory.js'
import { compileWasm } from '../../../compiler/targets/wasm/index.js'

/** Names that would be trouble if they reached the source. */
const EVIL = `"];alert\`1\`;//`

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const c: Axis = { id: `c${EVIL}`, name: 'c', size: 'K' }
const d: Axis = { id: 'd', name: 'd', size: '__proto__' }
const t: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'len', at: k.axis(n) } }

const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', '__proto__'], rows: 'rows' },
  { id: 'y', space: 'data', type: 'f64', shape: ['N', 'T'], rows: 'rows' },
  { id: 'g', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'len', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: EVIL, space: 'param', type: 'f64', shape: ['K', '__proto__'] },
  { id: 'pi', space: 'param', type: 'f64', shape: ['K'] },
  { id: 'p', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'constructor', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'kept', space: 'state', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'S', space: 'sum', type: 'f64', shape: ['K', '__proto__'] },
  { id: 'S0', space: 'sum', type: 'f64', shape: ['K'] },
  { id: 'total', space: 'sum', type: 'f64', shape: [] },
]

const at = (axis: Axis): KExpr => k.axis(axis)
const key = k.load('g', at(n))

/** Leaves by what is in scope; magnitudes stay moderate so that rounding is what differs and nothing else. */
function leaves(scope: readonly Axis[]): readonly KExpr[] {
  const has = (axis: Axis): boolean => scope.includes(axis)
  const all: KExpr[] = [k.num(0.5), k.num(-1.25), k.num(0), k.size('K'), ...scope.map(at)]
  if (has(n)) all.push(k.load('constructor', at(n)), key)
  if (has(n) && has(d)) all.push(k.load('x', at(n), at(d)))
  if (has(n) && has(t)) all.push(k.load('y', at(n), at(t)))
  if (has(c)) all.push(k.load('pi', at(c)), k.load('S0', at(c)))
  if (has(c) && has(d)) all.push(k.load(EVIL, at(c), at(d)))
  if (has(n) && has(c)) all.push(k.load('p', at(n), at(c)), k.load('kept', at(n), at(c)))
  if (has(n)) all.push(k.select(k.compare('>=', key, k.num(0)), k.load('pi', key), k.num(0.75)))
  return all
}

const bounded = (of: KExpr): KExpr => k.call('logistic', of)
const reducible = [c, d, t]

/** Expressions of a depth with the axes of `scope`. */
function expr(scope: readonly Axis[], depth: number): fc.Arbitrary<KExpr> {
  const leaf = fc.constantFrom(...leaves(scope))
  if (depth === 0) return leaf
  const part = expr(scope, depth - 1)
  const free = reducible.filter((axis) => !scope.includes(axis) && (axis !== t || scope.includes(n)))
  const reductions = free.map((axis) => {
    const body = expr([...scope, axis], depth - 1)
    return fc
      .tuple(fc.constantFrom<'sum' | 'max' | 'logSumExp'>('sum', 'max', 'logSumExp'), body)
      .map(([kind, inner]): KExpr => {
        const value: KExpr = { k: 'reduce', kind, axis, body: k.mul(k.num(0.3), inner) }
        return k.select(k.compare('==', value, k.num(-Infinity)), k.num(-1), value)
      })
  })
  return fc.oneof(
    leaf,
    fc.array(part, { minLength: 1, maxLength: 4 }).map((args) => k.add(...args)),
    fc.array(part, { minLength: 1, maxLength: 4 }).map((args) => k.mul(...args.map((arg) => k.call('sin', arg)))),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((args) => k.mul0(...args)),
    fc.tuple(part, part).map(([left, right]) => k.sub(left, right)),
    fc.tuple(part, part).map(([left, right]) => k.div(left, k.add(bounded(right), k.num(0.5)))),
    part.map(k.neg),
    fc
      .tuple(part, fc.constantFrom(-2, -1, -0.5, 0.5, 2, 3, 1.7))
      .map(([base, exponent]) => k.pow(k.add(bounded(base), k.num(0.25)), exponent)),
    part.map((of) => k.call('log', k.add(bounded(of), k.num(0.1)))),
    part.map((of) => k.call('exp', bounded(of))),
    part.map((of) => k.call('lgamma', k.add(bounded(of), k.num(2.5)))),
    fc
      .tuple(leaf, leaf, part, part)
      .map(([left, right, then, otherwise]) =>
        k.select(k.or(k.compare('<', left, right), k.not(left)), then, otherwise),
      ),
    ...reductions,
  )
}

const ops: fc.Arbitrary<KernelOp> = fc.oneof(
  expr([n, c], 3).map((value): KernelOp => k.mapOver('p', [n, c], k.call('sin', value))),
  expr([n, c], 2).map(
    (value): KernelOp => ({
      op: 'map',
      out: 'kept',
      axes: [c, n],
      at: [at(n), at(c)],
      value: bounded(value),
    }),
  ),
  expr([n], 3).map((value): KernelOp => k.mapOver('constructor', [n], k.call('sin', value))),
  expr([c], 2).map((value): KernelOp => ({ op: 'contract', out: 'S0', axes: [c], at: [at(c)], factors: [value] })),
  fc.array(expr([n, c, d], 2), { maxLength: 3 }).map(
    (factors): KernelOp => ({
      op: 'contract',
      out: 'S',
      axes: [c, d, n],
      at: [at(c), at(d)],
      factors: factors.map(bounded),
    }),
  ),
  fc.array(expr([n, t], 2), { maxLength: 2 }).map(
    (factors): KernelOp => ({
      op: 'contract',
      out: 'total',
      axes: [n, t],
      at: [],
      factors: factors.map(bounded),
    }),
  ),
  expr([n], 2).map(
    (value): KernelOp => ({
      op: 'scatterAdd',
      out: 'S0',
      axes: [n],
      at: [k.call('max', key, k.num(0))],
      value: bounded(value),
    }),
  ),
  fc.tuple(fc.constantFrom<'sum' | 'max' | 'logSumExp'>('sum', 'max', 'logSumExp'), expr([n, c, d], 2)).map(
    ([kind, value]): KernelOp => ({
      op: 'reduce',
      kind,
      out: 'constructor',
      axes: [n],
      over: [c, d],
      at: [at(n)],
      value: bounded(value),
    }),
  ),
  fc.constant<KernelOp>({ op: 'fill', out: 'p', value: 0.5 }),
  fc.constant<KernelOp>({ op: 'gather', out: 'p', axes: [n, c], from: 'kept', at: [at(n), at(c)] }),
)

const ROWS = 7

function makeMemory(): Memory {
  const wave = (length: number, phase: number) => Float64Array.from({ length }, (_, i) => Math.sin(1.7 * i + phase))
  return {
    sizes: new Map([
      ['N', ROWS],
      ['K', 3],
      ['__proto__', 2],
      ['T', 3],
    ]),
    buffers: new Map<string, Float64Array | Int32Array>([
      ['x', wave(ROWS * 2, 0)],
      ['y', wave(ROWS * 3, 1)],
      ['g', Int32Array.of(0, 2, -1, 1, 1, 0, -1)],
      ['len', Int32Array.of(3, 0, 1, 2, 3, 3, 1)],
      [EVIL, wave(6, 2)],
      ['pi', Float64Array.of(0.2, 0.3, 0.5)],
      ['p', wave(ROWS * 3, 3)],
      ['constructor', wave(ROWS, 4)],
      ['kept', wave(ROWS * 3, 5)],
      ['S', new Float64Array(6)],
      ['S0', new Float64Array(3)],
      ['total', new Float64Array(1)],
    ]),
  }
}

function run(compile: CompileKernel, program: readonly KernelOp[], blocks: readonly (RowBlock | null)[]): Memory {
  const memory = makeMemory()
  const kernel = compile(program, buffers)
  for (const block of blocks) kernel.run(memory, block)
  return memory
}

const one = (from: number, to: number): RowBlock => ({ table: 'rows', axis: 'n', from, to })

function expectAgreement(program: readonly KernelOp[], blocks: readonly (RowBlock | null)[]): void {
  const left = run(compileInterpreter, program, blocks)
  for (const compile of [compileJavaScript, compileWasm]) {
    const right = run(compile, program, blocks)
    for (const { id } of buffers) {
      const found = right.buffers.get(id) ?? []
      left.buffers.get(id)?.forEach((value, i) => {
        const other = found[i] ?? Number.NaN
        const near = Object.is(value, other) || Math.abs(value - other) <= 1e-12 * (1 + Math.abs(value))
        expect(near || value === other, `${id}[${i}]: ${value} and ${other}\n${printKernel(program, [])}`).toBe(true)
      })
    }
  }
}

describe('random programs', () => {
  const program = fc.array(ops, { minLength: 1, maxLength: 6 })

  it('give the same in the interpreter, in JavaScript and in WebAssembly, whole and in blocks', () => {
    fc.assert(
      fc.property(program, (list) => {
        expect(verifyKernel(list, buffers)).toEqual([])
        expectAgreement(list, [null])
        expectAgreement(list, [one(0, 3), one(3, 7), one(7, 7)])
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('become source that holds numbered identifiers and numbers only', () => {
    const words = /\b[A-Za-z_$][A-Za-z_$0-9]*\b/g
    const allowed =
      /^([bschvai]\d*|const|let|for|if|else|return|use|strict|Math|null|fill|e\d*|abs|ceil|cos|exp|expm1|floor|imul|log|log1p|max|min|pow|round|sin|sqrt)$/
    fc.assert(
      fc.property(program, (list) => {
        const { source } = emitJavaScript(list, buffers)
        expect((source.match(words) ?? []).filter((word) => !allowed.test(word))).toEqual([])
        expect(source).not.toMatch(/[`"\\]|\/\//)
      }),
    )
  })
})
