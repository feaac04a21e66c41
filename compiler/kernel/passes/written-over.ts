import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, KExpr } from '../types.js'
import { mapAxis, mapChildren } from '../visit.js'

/** How an expression is written over axes, whatever they and the axes of its sums are called: equal for equal values. */
export function writtenOver(expr: KExpr, axes: readonly Axis[]): string {
  const names = new Map(axes.map((axis, i) => [axis.id, `#${i}`]))
  return JSON.stringify([printKernelExpr(numbered(expr, names, 0)), axes.map((axis) => axis.size)])
}

function numbered(expr: KExpr, names: ReadonlyMap<string, string>, depth: number): KExpr {
  if (expr.k === 'axis') return k.axis(names.get(expr.axis) ?? expr.axis)
  if (expr.k !== 'reduce') return mapChildren(expr, (part) => numbered(part, names, depth))
  const id = `##${depth}`
  const axis = { ...mapAxis(expr.axis, (part) => numbered(part, names, depth)), id }
  return { ...expr, axis, body: numbered(expr.body, new Map(names).set(expr.axis.id, id), depth + 1) }
}
