/**
 * Sums apart by what they depend on. With a the same for all rows and b not:
 *
 *   Σ_d (a + b) = Σ_d a + Σ_d b        c·(a + b) = c·a + c·b, c the same for all rows        −(a + b) = −a − b
 *   Σ_d c·b = c·Σ_d b where c does not depend on d
 *
 * so that what no row changes stands by itself. Page: docs/kernel-passes/split-sums.md.
 */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { KExpr } from '../types.js'
import { freeAxes, mapChildren } from '../visit.js'
import { mapValues, RowFacts } from './row-facts.js'
import type { KernelPass } from './types.js'

export const splitSums: KernelPass = {
  name: 'split-sums',
  apply(program, context) {
    const facts = new RowFacts(program, context)
    const applied: string[] = []
    const rows = program.rows.map((op) => mapValues(op, (value) => split(value, facts, applied)))
    return { program: { ...program, rows }, applied, declined: [] }
  },
}

function split(expr: KExpr, facts: RowFacts, applied: string[]): KExpr {
  if (!facts.varies(expr) || expr.k === 'load') return expr
  const inner = mapChildren(expr, (part) => split(part, facts, applied))
  const done = splitNode(inner, facts)
  if (done !== inner) applied.push(printKernelExpr(inner))
  return done === inner && inner.k === 'add' ? k.add(...inner.args) : done
}

/** The arguments of a sum that rows change, and those that they do not; null where there are not both. */
function parted(expr: KExpr, facts: RowFacts): { readonly fixed: KExpr; readonly varying: KExpr } | null {
  const args = expr.k === 'add' ? expr.args : expr.k === 'sub' ? [expr.left, k.neg(expr.right)] : []
  const varying = args.filter((arg) => facts.varies(arg))
  if (varying.length === 0 || varying.length === args.length) return null
  return { fixed: k.add(...args.filter((arg) => !facts.varies(arg))), varying: k.add(...varying) }
}

function splitNode(expr: KExpr, facts: RowFacts): KExpr {
  switch (expr.k) {
    case 'neg': {
      // only where a sum over an axis was taken apart: the sign of a plain difference costs nothing where it stands
      const parts = hasSum(expr.of) ? parted(expr.of, facts) : null
      return parts === null ? expr : k.add(k.neg(parts.fixed), k.neg(parts.varying))
    }
    case 'mul': {
      const varying = expr.args.filter((arg) => facts.varies(arg))
      const [only] = varying
      const parts = only === undefined || varying.length > 1 || !hasSum(only) ? null : parted(only, facts)
      if (parts === null) return expr
      const factors = expr.args.filter((arg) => arg !== only)
      return k.add(k.mul(...factors, parts.fixed), k.mul(...factors, parts.varying))
    }
    case 'reduce': {
      // over an extent that rows change, the sum of what they do not change is no table; and it may be empty
      if (expr.kind !== 'sum' || expr.axis.ragged !== undefined) return expr
      const parts = parted(expr.body, facts)
      if (parts !== null) return k.add(k.sum(expr.axis, parts.fixed), factored({ ...expr, body: parts.varying }))
      return factored(expr)
    }
    default:
      return expr
  }
}

/** Σ c·b with what does not depend on the axis in front. */
function factored(expr: KExpr & { readonly k: 'reduce' }): KExpr {
  const { axis, body } = expr
  if (body.k === 'neg') return k.neg(factored({ ...expr, body: body.of }))
  if (body.k !== 'mul') return expr
  const [outside, inside] = [true, false].map((out) => body.args.filter((arg) => freeAxes(arg).has(axis.id) !== out))
  if (outside === undefined || inside === undefined || outside.length === 0 || inside.length === 0) return expr
  return k.mul(...outside, k.sum(axis, k.mul(...inside)))
}

function hasSum(expr: KExpr): boolean {
  return expr.k === 'add' && expr.args.some((arg) => arg.k === 'reduce' || (arg.k === 'mul' && arg.args.some(isReduce)))
}

const isReduce = (expr: KExpr): boolean => expr.k === 'reduce'
