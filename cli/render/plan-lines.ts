import { objectEntries } from '../../runtime/json.js'
import { printable } from './paint.js'

/** What was derived, from the `plan` of a result: a line per latent and per block of params. Unknown fields are left out. */
export function planLines(plan: unknown): string[] {
  const entries = objectEntries(plan)
  if (entries === undefined) return []
  const eSteps = listOf(entries.get('eStep'))
  const mSteps = listOf(entries.get('mStep'))
  const given = entries.get('factorised') === undefined ? '' : ' given the other factors of q (variational)'
  const lines = eSteps.map(
    (step) =>
      `E-step  ${names(step.get('latents'))}: ${text(step.get('method')) ?? 'not stated'}${given}${nodes(step)}`,
  )
  if (eSteps.length === 0) lines.push('E-step  none: nothing is unobserved')
  for (const step of mSteps) lines.push(mLine(step))
  return lines.map(printable)
}

/** How many nodes a posterior that is no family has. */
function nodes(step: ReadonlyMap<string, unknown>): string {
  const [points, draws] = [step.get('points'), step.get('draws')]
  if (typeof draws === 'number') return ` (${draws} draws)`
  return typeof points === 'number' ? ` (${points} points a dimension)` : ''
}

function mLine(step: ReadonlyMap<string, unknown>): string {
  const rule = text(step.get('rule')) ?? 'not stated'
  const exact = text(step.get('exact'))
  const how = [
    step.get('closedForm') === true ? 'closed form' : 'numerical',
    ...(exact === null || exact === 'joint' ? [] : [exact]),
  ].join(', ')
  const update = text(step.get('update'))
  return `M-step  ${names(step.get('params'))}: ${rule} (${how})${update === null ? '' : `  ${update}`}`
}

function listOf(value: unknown): readonly ReadonlyMap<string, unknown>[] {
  return Array.isArray(value) ? value.flatMap((item) => objectEntries(item) ?? []) : []
}

function names(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(', ') : String(value ?? '?')
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
