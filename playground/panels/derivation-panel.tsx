/** The derivation: the step that runs is marked, an equation leads to its statement and back, everything can be copied. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Block, DerivationStep, Inline, Line } from '../../compiler/derivation/types.js'
import type { Span } from '../../lang/source.js'
import type { Controller } from '../session/controller.js'
import { lastStep, type State, shownRun } from '../session/state.js'
import { FittedFormula } from '../ui/fitted-formula.js'
import { Formula, useKatex } from '../ui/formula.js'
import type { DerivationView } from '../workers/messages.js'
import { copyText, download } from './download.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly onReveal: (offset: number) => void
  /** Where the cursor of the editor stands: equations that come from its statement are marked. */
  readonly cursor: number | null
}

export function DerivationPanel({ state, controller, onReveal, cursor }: Props) {
  const { source, controls } = state.project
  const ready = state.compiled?.model != null && state.compiledRevision === state.revision.source
  const { mode } = shownRun(state)?.run ?? controls
  const asked = useAnswer(
    () => (ready ? controller.compiler.call('derivation', { source, mode }) : null),
    [ready, ready ? source : null, mode],
  )
  const running = lastStep(state)
  if (asked.error !== null) return <p class="empty">{asked.error}</p>
  if (asked.value === null)
    return <p class="empty">{ready ? 'Deriving …' : 'The derivation appears here when the model has no errors.'}</p>
  return (
    <Document
      view={asked.value}
      stale={!ready}
      running={running}
      cursor={cursor}
      onReveal={onReveal}
      latex={(fragment) => controller.compiler.call('latex', { source, mode, fragment })}
    />
  )
}

interface DocumentProps {
  readonly view: DerivationView
  readonly stale: boolean
  readonly running: 'e-step' | 'm-step' | null
  readonly cursor: number | null
  readonly onReveal: (offset: number) => void
  readonly latex: (fragment: boolean) => Promise<string>
}

function Document({ view, stale, running, cursor, onReveal, latex }: DocumentProps) {
  const katex = useKatex()
  const [copied, setCopied] = useState<string | null>(null)
  const body = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (running === null) return
    const step = body.current?.querySelector('.is-running')
    const calm = globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches
    step?.scrollIntoView({ block: 'start', behavior: calm ? 'auto' : 'smooth' })
  }, [running])
  const copy = async (text: Promise<string> | string, what: string): Promise<void> => {
    const done = await copyText(await text)
    setCopied(done ? `${what} copied` : 'the browser did not let it be copied')
  }
  return (
    <div class={`derivation${stale ? ' is-stale' : ''}`}>
      <div class="tools">
        <button type="button" onClick={() => void copy(latex(true), 'LaTeX')}>
          Copy as LaTeX
        </button>
        <button
          type="button"
          onClick={() => void latex(false).then((text) => download('derivation.tex', text, 'application/x-tex'))}
        >
          Download .tex
        </button>
        <span class="hint" role="status">
          {copied}
        </span>
      </div>
      <article ref={body}>
        <h2>{view.title}</h2>
        {view.steps.map((step) => (
          <Step
            key={step.id}
            step={step}
            katex={katex}
            running={step.kind === running}
            linked={contains(step.origin.span, cursor)}
            cursor={cursor}
            onReveal={onReveal}
            onCopy={(line) => void copy(line, 'equation')}
          />
        ))}
      </article>
    </div>
  )
}

const contains = (span: Span | null, at: number | null): boolean =>
  span !== null && at !== null && at >= span.start && at <= span.end

interface StepProps {
  readonly step: DerivationStep
  readonly katex: ReturnType<typeof useKatex>
  readonly running: boolean
  readonly linked: boolean
  readonly cursor: number | null
  readonly onReveal: (offset: number) => void
  readonly onCopy: (latex: string) => void
}

function Step({ step, katex, running, linked, ...rest }: StepProps) {
  const isStep = step.kind === 'e-step' || step.kind === 'm-step'
  return (
    <section class={`derivation-step${running ? ' is-running' : ''}${linked && isStep ? ' is-linked' : ''}`}>
      <h3>
        <Words parts={step.title} katex={katex} />
        {running && <span class="chip">this step came last</span>}
      </h3>
      {step.content.map((block, i) => (
        <BlockView key={i} block={block} step={step} katex={katex} {...rest} />
      ))}
      <p class="origin">
        <span class="rule">{step.origin.rule}</span> {step.origin.citation}
      </p>
    </section>
  )
}

interface BlockProps extends Omit<StepProps, 'running' | 'linked'> {
  readonly block: Block
}

function BlockView({ block, step, katex, onReveal, onCopy, cursor }: BlockProps) {
  switch (block.kind) {
    case 'prose':
      return (
        <p>
          <Words parts={block.parts} katex={katex} />
        </p>
      )
    case 'list':
      return (
        <ul>
          {block.items.map((item, i) => (
            <li key={i}>
              <Words parts={item} katex={katex} />
            </li>
          ))}
        </ul>
      )
    case 'source':
      return (
        <button type="button" class="source" onClick={() => onReveal(block.span.start)}>
          {block.text}
        </button>
      )
    case 'algorithm':
      return (
        <ol class="algorithm">
          {block.lines.map((line, i) => (
            <li key={i} class={`indent-${line.indent}`}>
              <AlgorithmWords parts={line.parts} katex={katex} />
            </li>
          ))}
        </ol>
      )
    case 'formula':
      return (
        <div class="equations">
          {block.lines.map((line) => (
            <Equation
              key={line.latex}
              line={line}
              step={step}
              katex={katex}
              cursor={cursor}
              onReveal={onReveal}
              onCopy={onCopy}
            />
          ))}
        </div>
      )
  }
}

interface EquationProps extends Pick<BlockProps, 'step' | 'katex' | 'onReveal' | 'onCopy' | 'cursor'> {
  readonly line: Line
}

function Equation({ line, step, katex, onReveal, onCopy, cursor }: EquationProps) {
  const span = line.from?.span === undefined ? step.origin.span : line.from.span
  return (
    <div class={`equation${contains(span, cursor) ? ' is-linked' : ''}`}>
      <FittedFormula text={line.text} latex={line.latex} katex={katex} display />
      <span class="equation-tools">
        {span !== null && (
          <button
            type="button"
            class="quiet"
            aria-label="source: go to its statement in the model"
            onClick={() => onReveal(span.start)}
          >
            source
          </button>
        )}
        <button type="button" class="quiet" aria-label="copy the equation as LaTeX" onClick={() => onCopy(line.latex)}>
          copy
        </button>
      </span>
    </div>
  )
}

/** A line of pseudo-code: a formula alone is fitted to it, formulas among words break with them. */
function AlgorithmWords({ parts, katex }: { readonly parts: Inline; readonly katex: StepProps['katex'] }) {
  const [only] = parts
  if (parts.length !== 1 || only === undefined || typeof only === 'string') return <Words parts={parts} katex={katex} />
  return <FittedFormula text={only.text} latex={only.latex} katex={katex} />
}

function Words({ parts, katex }: { readonly parts: Inline; readonly katex: StepProps['katex'] }) {
  return (
    <>
      {parts.map((part, i) =>
        typeof part === 'string' ? part : <Formula key={i} text={part.text} latex={part.latex} katex={katex} />,
      )}
    </>
  )
}
