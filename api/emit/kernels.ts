/** The kernels of a program as text: one JavaScript function for each fused group of loops, printed by the JavaScript target. */
import type { KernelOp } from '../../compiler/kernel/types.js'
import { buffersWritten } from '../../compiler/kernel/visit.js'
import type { Program } from '../../compiler/lower/program.js'
import type { Bindings } from '../../compiler/targets/javascript/bindings.js'
import { emitJavaScript } from '../../compiler/targets/javascript/emit-javascript.js'

export interface EmittedKernels {
  /** An array literal of `StandaloneKernel`. */
  readonly text: string
  /** What stands for each operation in the plan: its number, and what is read of it where sums are cut into rows. */
  readonly standIn: (op: KernelOp) => object
}

/** An operation of a kernel. */
export const isOp = (x: unknown): x is KernelOp =>
  typeof x === 'object' && x !== null && 'op' in x && typeof x.op === 'string' && x.op in KINDS

const KINDS: { readonly [K in KernelOp['op']]: true } = {
  map: true,
  reduce: true,
  contract: true,
  scatterAdd: true,
  gather: true,
  small: true,
  rng: true,
  fill: true,
  scan: true,
  repeat: true,
  sparseGaussian: true,
}

const isSum = (op: KernelOp): boolean => op.op === 'contract' || op.op === 'scatterAdd'

/** Operations, and the buffers that they read and write. */
export interface WithOps {
  /** Holds lists of operations, at whatever depth. */
  readonly of: object
  readonly buffers: Program['buffers']
}

/** @throws KernelError where the JavaScript target has no such operation */
export function emitKernels(parts: readonly WithOps[]): EmittedKernels {
  const numbers = new Map<KernelOp, number>()
  const text = parts.map((part) => kernelsOf(part, numbers)).join('')
  const standIns = new Map<KernelOp, object>()
  const standIn = (op: KernelOp): object => {
    const known = standIns.get(op)
    if (known !== undefined) return known
    const n = numbers.get(op) ?? -1
    const [out = ''] = buffersWritten(op)
    const made = isSum(op) ? { ...op, n } : { op: 'fill', out, value: 0, n }
    standIns.set(op, made)
    return made
  }
  return { text: `[\n${text}]`, standIn }
}

/** The kernels of one program; its operations are numbered after those of the ones before. */
function kernelsOf({ of, buffers }: WithOps, numbers: Map<KernelOp, number>): string {
  const lists = listsOf(of)
  for (const op of lists.flat()) if (!numbers.has(op)) numbers.set(op, numbers.size)
  // sums over whole arrays may be taken some of them at a time
  const single = new Set(lists.filter((list) => list.length > 1 && list.every(isSum)).flat())
  const alone = [...single].map((op) => [op])
  const entries = [...lists, ...alone].map((ops) => {
    const { source, bindings } = emitJavaScript(ops, buffers)
    const places = ops.map((op) => numbers.get(op) ?? -1)
    return `  {\n${comment(bindings)}    code: (h) => {\n${indented(source)}    },\n    ops: ${JSON.stringify(places)},\n    bindings: ${literal(bindings)},\n  },\n`
  })
  return entries.join('')
}

/** Every list of operations of a program, once. */
function listsOf(program: object): readonly (readonly KernelOp[])[] {
  const lists: (readonly KernelOp[])[] = []
  const seen = new Set<object>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (Array.isArray(value) && value.length > 0 && value.every(isOp)) {
      lists.push(value)
      return
    }
    const parts = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : Object.values(value)
    for (const part of parts) visit(part)
  }
  visit(program)
  return lists
}

/** JSON within a program: no text in it can end a comment, a script or a line. */
export const literal = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** What the numbered arrays are, in letters that can end no comment. */
const comment = ({ buffers }: Bindings): string =>
  `    // ${buffers.map((id, i) => `b${i}: ${id.replace(/[^\p{L}\p{N} _:.,[\]-]/gu, '·')}`).join(', ')}\n`

const indented = (source: string): string =>
  source
    .split('\n')
    .filter((line) => line !== '' && line !== "'use strict';")
    .map((line) => `      ${line}\n`)
    .join('')
