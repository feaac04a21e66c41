/** What a stand-alone program keeps of a derivation, as plain data. */

import type { Expr } from '../../compiler/algebra/types.js'
import type { Derivation } from '../../compiler/derive.js'
import type { KernelOp } from '../../compiler/kernel/types.js'
import type { ScoreProgram } from '../../compiler/lower/scores.js'
import { encode } from './encode.js'
import { isOp } from './kernels.js'
import { type Kept, known, type WrittenPlan } from './read-plan.js'

const NOWHERE = { start: 0, end: 0 }

/** A model as it is written: its derivation, that of hard mode where it has one, and the program of its scores. */
export interface ToWrite {
  readonly em: Derivation
  readonly hard: Derivation | null
  readonly scores: ScoreProgram | null
}

/** @param standIn what stands for an operation of a kernel, which is written as code */
export function writePlan({ em: d, hard, scores }: ToWrite, standIn: (op: KernelOp) => object): WrittenPlan {
  const shapes = new Map<string, readonly Expr[]>()
  for (const p of d.graph.params) shapes.set(`param ${p.name}`, d.shapes.shape('param', p.name))
  for (const x of d.graph.data) shapes.set(`data ${x.name}`, d.shapes.shape('data', x.name))
  const names = new Set(JSON.stringify(d.model.statements).match(/[A-Za-z]+/g) ?? [])
  const signatures = new Map(
    [...d.distributions].filter(([name]) => names.has(name)).map(([name, { signature }]) => [name, { signature }]),
  )
  const kept: Kept = {
    model: { ...d.model, source: { name: d.model.source.name, text: '' } },
    graph: d.graph,
    lifted: d.lifted,
    eStep: d.eStep,
    mStep: d.mStep,
    program: d.program,
    maxProduct: hard?.maxProduct ?? null,
    hardSteps: hard?.eStep.steps ?? null,
    scores,
    params: d.params,
    shapes,
    signatures,
  }
  return encode(kept, known, (key, value) => {
    // places in the model and rules that were tried say nothing to who runs it
    if (key === 'span') return NOWHERE
    if (key === 'declined') return []
    return isOp(value) ? standIn(value) : value
  })
}
