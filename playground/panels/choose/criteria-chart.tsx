import { Figure } from '../../charts/figure.js'
import { fixed } from '../../charts/format.js'
import { Legend } from '../../charts/legend.js'
import { Line, Marker, round } from '../../charts/marks.js'
import { colourOf, dashOf } from '../../charts/palette.js'
import { Plot } from '../../charts/plot.js'
import { extentOf, padded } from '../../charts/scales.js'
import type { CandidateView, ChoiceView } from '../../workers/messages.js'

/** Criteria on one scale, −2 log-likelihood and a price: of all of them the smallest is best. */
const CRITERIA = [
  { by: 'aic', label: 'AIC', sign: 1 },
  { by: 'bic', label: 'BIC', sign: 1 },
  { by: 'icl', label: 'ICL', sign: 1 },
  { by: 'elbo', label: '−2 · ELBO', sign: -2 },
  { by: 'cv', label: '−2 · CV', sign: -2 },
] as const

interface Props {
  readonly choice: ChoiceView
  readonly stale: boolean
}

/** Every criterion along the values of the const; a ring at the best of each. */
export function CriteriaChart({ choice, stale }: Props) {
  const { candidates, name, best } = choice
  const shown = CRITERIA.filter(({ by }) => candidates.some((c) => Number.isFinite(c.figures[by])))
  const ys = shown.map(({ by, sign }) => candidates.map((c) => sign * (c.figures[by] ?? Number.NaN)))
  const values = candidates.map((c) => c.value)
  const [least = 0, most = 1] = [Math.min(...values), Math.max(...values)]
  const summary = `${choice.sentences[0] ?? ''} Smaller is better; a ring marks the best of each.`
  if (shown.length === 0) return null
  return (
    <Figure
      title={`Criteria by ${name}`}
      summary={summary}
      stale={stale}
      legend={
        <Legend items={shown.map(({ label }, i) => ({ label, mark: 'marker-line', series: i, dash: dashOf(i) }))} />
      }
      table={() => ({
        caption: `Criteria by ${name}`,
        columns: [name, ...shown.map((c) => c.label)],
        rows: candidates.map((c: CandidateView) => [
          String(c.value),
          ...shown.map(({ by, sign }) => fixed(sign * (c.figures[by] ?? Number.NaN), 2)),
        ]),
      })}
    >
      {(width) => (
        <Plot
          label={summary}
          width={width}
          x={least === most ? [least - 1, most + 1] : padded([least, most], 0.06)}
          y={padded(extentOf(...ys), 0.08)}
          xLabel={name}
          yLabel="criterion (smaller is better)"
          xTicks={values.map((value) => ({ value, label: String(value) }))}
        >
          {(frame) =>
            shown.map(({ by }, i) => {
              const at = best[by]
              return (
                <g key={by}>
                  <Line frame={frame} xs={values} ys={ys[i] ?? []} colour={colourOf(i)} dash={dashOf(i)} />
                  {values.map((value, j) => (
                    <Marker key={value} frame={frame} x={value} y={ys[i]?.[j] ?? Number.NaN} series={i} size={46} />
                  ))}
                  {at === undefined ? null : (
                    <circle
                      cx={round(frame.x(values[at] ?? 0))}
                      cy={round(frame.y(ys[i]?.[at] ?? 0))}
                      r={9}
                      fill="none"
                      stroke={colourOf(i)}
                      stroke-width={2}
                    />
                  )}
                </g>
              )
            })
          }
        </Plot>
      )}
    </Figure>
  )
}
