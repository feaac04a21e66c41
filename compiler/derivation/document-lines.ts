/** Every formula of a derivation with what it rests on. */
import { positionAt, type Span } from '../../lang/source.js'
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
  readonly source: SourcePlace | null
  /** All statements whose factors it contains, in their order in the model. */
  readonly sources: readonly SourcePlace[]
}

export interface SourcePlace {
  readonly start: number
  readonly end: number
  readonly line: number
}

export function documentLines(steps: readonly DerivationStep[], source: string): readonly DocumentLine[] {
  return steps.flatMap((step) =>
    step.content.flatMap((block) =>
      block.kind !== 'formula'
        ? []
        : block.lines.map((line): DocumentLine => {
            const { rule, citation, span, spans = span === null ? [] : [span] } = originOf(step, line)
            const place = ({ start, end }: Span): SourcePlace => ({ start, end, line: positionAt(source, start).line })
            return {
              step: step.id,
              title: textOf(step.title),
              text: line.text.trim(),
              latex: line.latex,
              rule,
              citation,
              source: span === null ? null : place(span),
              sources: spans.map(place),
            }
          }),
    ),
  )
}
