/** The data beside what the fitted model says of each cell: where it lies, and whether that is to be expected. */
import { Figure } from '../charts/figure.js'
import { fixed } from '../charts/format.js'
import { Bars } from '../charts/marks.js'
import { Plot } from '../charts/plot.js'
import type { Controller } from '../session/controller.js'
import { type KeptState, number, type State } from '../session/state.js'
import { ScrollRegion } from '../ui/scroll-region.js'
import type { ResidualView } from '../workers/messages.js'
import '../charts/charts.css'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly shown: KeptState
}

export function ResidualsSection({ state, controller, shown }: Props) {
  const { residuals } = shown
  const cannot = shown.run.mode === 'vb' && shown.summary === null
  return (
    <section aria-label="Residuals" class="chart-panel">
      <h2>Residuals</h2>
      {residuals === null ? (
        <>
          <button
            type="button"
            disabled={cannot || state.work.kind !== 'idle'}
            onClick={() => void controller.asides.residuals()}
          >
            {state.work.kind === 'residuals' ? 'Under way …' : 'Look at residuals'}
          </button>
          <p class="hint">
            {cannot
              ? 'In the mode vb residuals are those of a fit: press Fit.'
              : 'Sets each cell of the data beside what the model says of it given all others, at the end of the run.'}
          </p>
        </>
      ) : (
        residuals.arrays.map((r) => <OneArray key={r.name} residual={r} />)
      )}
    </section>
  )
}

function OneArray({ residual }: { readonly residual: ResidualView }) {
  const { name, histogram, frequencies, sentences } = residual
  const says = sentences.join(' ')
  if (histogram !== null) return <Histogram name={name} shares={histogram} says={says} />
  return (
    <>
      <h3>{name}</h3>
      <p>{says}</p>
      {frequencies.length > 0 && (
        <ScrollRegion label={`Frequencies of ${name}`}>
          <table class="param">
            <caption class="aside">Frequencies of {name}</caption>
            <thead>
              <tr>
                <th scope="col">value</th>
                <th scope="col">observed</th>
                <th scope="col">expected</th>
              </tr>
            </thead>
            <tbody>
              {frequencies.slice(0, 40).map((f) => (
                <tr key={f.value}>
                  <th scope="row">{f.value}</th>
                  <td>{number(f.observed, 0)}</td>
                  <td>{number(f.expected, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </>
  )
}

interface HistogramProps {
  readonly name: string
  readonly shares: readonly number[]
  readonly says: string
}

/** Shares of ten equal parts of the probability below each value: all 10 % where the model holds. */
function Histogram({ name, shares, says }: HistogramProps) {
  const parts = shares.length
  const bars = shares.map((share, i) => ({ from: i / parts, to: (i + 1) / parts, height: 100 * share }))
  const even = 100 / parts
  return (
    <Figure
      title={`Residuals of ${name}`}
      summary={`${says} Where the model holds, every bar comes near the line.`}
      table={() => ({
        caption: `Residuals of ${name}`,
        columns: ['probability below the value', 'share of the values, %'],
        rows: bars.map((b) => [`${fixed(b.from, 1)} to ${fixed(b.to, 1)}`, fixed(b.height, 1)]),
      })}
    >
      {(width) => (
        <Plot
          label={says}
          width={width}
          height={200}
          x={[0, 1]}
          y={[0, Math.max(2 * even, ...bars.map((b) => b.height)) * 1.05]}
          xLabel="probability below the value"
          yLabel="% of the values"
        >
          {(frame) => (
            <>
              <Bars frame={frame} bars={bars} colour="var(--series-0)" opacity={0.6} />
              <line
                x1={frame.x(0)}
                x2={frame.x(1)}
                y1={frame.y(even)}
                y2={frame.y(even)}
                stroke="var(--chart-text)"
                stroke-dasharray="5 4"
              />
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}
