/** Every formula of a derivation with what it rests on. */
import { positionAt } from '../../lang/source.js'
import { originOf } from './origin-of.js'
import { type DerivationStep, textOf } from './types.js'

export interface DocumentLine {
  /** Id and title of the step that it stands in. */
  readonly step: string
  readonly title: string
  readonly text: string
  readonly latex: string
  /** Listed in docs/derivation-rules.md. */
  readonly rule: string
  readonly citation: string
  /** The statement of the model that it comes from, with the line that this begins in; null where it comes from all. */
  readonly source: { readonly start: number; readonly end: number; readonly line: number } | null
}

export function documentLines(steps: readonly DerivationStep[], source: string): readonly DocumentLine[] {
  return steps.flatMap((step) =>
    step.content.flatMap((block) =>
      block.kind !== 'formula'
        ? []
        : block.lines.map((line): DocumentLine => {
            const { rule, citation, span } = originOf(step, line)
            return {
              step: step.id,
              title: textOf(step.title),
              text: line.text.trim(),
              latex: line.latex,
              rule,
              citation,
              source:
                span === null ? null : { start: span.start, end: span.end, line: positionAt(source, span.start).line },
            }
          }),
    ),
  )
}
