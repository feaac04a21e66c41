import { useMemo, useState } from 'preact/hooks'
import { Figure } from '../../charts/figure.js'
import { counted } from '../../charts/format.js'
import { Legend } from '../../charts/legend.js'
import { Marker, round } from '../../charts/marks.js'
import { colourOf, markerPath } from '../../charts/palette.js'
import { cut, Plot } from '../../charts/plot.js'
import { extentOf, linear, padded } from '../../charts/scales.js'
import type { LatentView, RunView } from '../../session/view.js'

interface Props {
  readonly latents: readonly string[]
  readonly run: RunView | null
  readonly title: string
}

function useLatent(latents: readonly string[], run: RunView | null) {
  const [name, setName] = useState(latents[0] ?? '')
  const all = run?.point?.latents ?? []
  const latent =
    all.find((l) => l.name === name && latents.includes(name)) ?? all.find((l) => latents.includes(l.name)) ?? null
  const select =
    latents.length > 1 ? (
      <label>
        latent
        <select value={latent?.name ?? ''} onChange={(e) => setName(e.currentTarget.value)}>
          {latents.map((l) => (
            <option key={l}>{l}</option>
          ))}
        </select>
      </label>
    ) : undefined
  return { latent, select }
}

const labelOf = (l: LatentView, row: number): string =>
  (l.shape.length === 1 ? l.rowLabels[0]?.[row] : undefined) ?? String(row + 1)

const MOST_NAMED = 40

/** Posterior mean ± 2 sd of each row: by name where there are few, in order of the mean where there are many. */
export function IntervalsChart({ latents, run, title }: Props) {
  const { latent, select } = useLatent(latents, run)
  const order = useMemo(() => {
    const rows = Array.from({ length: latent?.rows ?? 0 }, (_, i) => i)
    const mean = latent?.means
    return mean == null || rows.length <= MOST_NAMED ? rows : rows.sort((a, b) => (mean[a] ?? 0) - (mean[b] ?? 0))
  }, [latent])
  if (latent?.means == null) return null
  const { means, sd } = latent
  const low = order.map((i) => (means[i] ?? Number.NaN) - 2 * (sd?.[i] ?? 0))
  const high = order.map((i) => (means[i] ?? Number.NaN) + 2 * (sd?.[i] ?? 0))
  const named = order.length <= MOST_NAMED
  const summary = `Posterior mean of ${latent.name} for ${counted(latent.rows, 'row')}, with 2 standard deviations on each side${named ? '' : ', in order of the mean'}.`
  const table = () => ({
    caption: `Posterior of ${latent.name}`,
    columns: ['row', 'mean', 'sd'],
    rows: order.slice(0, 200).map((i) => [labelOf(latent, i), means[i] ?? Number.NaN, sd?.[i] ?? Number.NaN]),
    total: order.length,
  })
  const domain = padded(extentOf(low, high))
  return (
    <Figure title={title} summary={summary} stale={run?.stale ?? false} controls={select} table={table}>
      {(width) =>
        named ? (
          <Plot
            label={summary}
            width={width}
            height={order.length * 20 + 76}
            x={domain}
            y={[order.length - 0.5, -0.5]}
            xLabel={latent.name}
            yLabel=""
            yTicks={order.map((i, r) => ({ value: r, label: cut(labelOf(latent, i), width * 0.35) }))}
          >
            {(frame) =>
              order.map((i, r) => (
                <g key={`${i}`}>
                  <line
                    x1={frame.x(low[r] ?? 0)}
                    x2={frame.x(high[r] ?? 0)}
                    y1={frame.y(r)}
                    y2={frame.y(r)}
                    stroke="var(--series-0)"
                    stroke-width={2}
                  />
                  <Marker frame={frame} x={means[i] ?? Number.NaN} y={r} series={0} size={44} ring />
                </g>
              ))
            }
          </Plot>
        ) : (
          <Plot
            label={summary}
            width={width}
            x={[0, order.length]}
            y={domain}
            xLabel="rows, in order of the mean"
            yLabel={latent.name}
            wholeX
          >
            {(frame) => (
              <>
                <path
                  d={order
                    .map(
                      (_, r) =>
                        `M${round(frame.x(r + 0.5))},${round(frame.y(low[r] ?? 0))}V${round(frame.y(high[r] ?? 0))}`,
                    )
                    .join('')}
                  stroke="var(--series-0)"
                  stroke-opacity="0.35"
                  stroke-width={Math.max(0.5, Math.min(3, (frame.width / order.length) * 0.7))}
                />
                <path
                  d={order
                    .map((i, r) => `${r === 0 ? 'M' : 'L'}${round(frame.x(r + 0.5))},${round(frame.y(means[i] ?? 0))}`)
                    .join('')}
                  fill="none"
                  stroke="var(--series-0)"
                  stroke-width={2}
                />
              </>
            )}
          </Plot>
        )
      }
    </Figure>
  )
}

/** Posterior means of two coordinates of a latent vector. */
export function ScoresChart({ latents, run, title }: Props) {
  const { latent, select } = useLatent(latents, run)
  const [pair, setPair] = useState<readonly [number, number]>([0, 1])
  if (latent?.means == null) return null
  const width = latent.own[0] ?? 1
  const { means } = latent
  const at = (c: number): Float64Array =>
    Float64Array.from({ length: latent.rows }, (_, i) => means[i * width + c] ?? Number.NaN)
  const [xs, ys] = [at(pair[0]), at(pair[1])]
  const names = [`${latent.name}[${pair[0] + 1}]`, `${latent.name}[${pair[1] + 1}]`] as const
  const groups = latentGroups(run, latent.rows)
  const summary = `Posterior means of ${names[0]} and ${names[1]} for ${counted(latent.rows, 'row')}.`
  const choose = (which: 0 | 1) => (
    <label key={which}>
      {which === 0 ? 'x' : 'y'}
      <select
        value={pair[which]}
        onChange={(e) => {
          const c = Number(e.currentTarget.value)
          setPair(which === 0 ? [c, pair[1]] : [pair[0], c])
        }}
      >
        {Array.from({ length: width }, (_, c) => (
          <option key={`${c}`} value={c}>{`${latent.name}[${c + 1}]`}</option>
        ))}
      </select>
    </label>
  )
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      controls={
        <>
          {select}
          {width > 2 ? [choose(0), choose(1)] : null}
        </>
      }
      legend={
        groups === null ? null : (
          <Legend items={groups.labels.map((l, k) => ({ label: `component ${l}`, mark: 'marker', series: k }))} />
        )
      }
      table={() => ({
        caption: summary,
        columns: ['row', ...names],
        rows: Array.from({ length: Math.min(200, latent.rows) }, (_, i) => [
          labelOf(latent, i),
          xs[i] ?? Number.NaN,
          ys[i] ?? Number.NaN,
        ]),
        total: latent.rows,
      })}
    >
      {(w) => (
        <Plot
          label={summary}
          width={w}
          height={Math.round(Math.max(230, Math.min(360, w * 0.6)))}
          x={padded(extentOf(xs))}
          y={padded(extentOf(ys))}
          xLabel={names[0]}
          yLabel={names[1]}
        >
          {(frame) =>
            Array.from({ length: Math.min(5000, latent.rows) }, (_, i) => {
              const k = groups?.modes?.[i] ?? 0
              return (
                <path
                  key={i}
                  d={markerPath(k, 30)}
                  fill={colourOf(k)}
                  fill-opacity="0.8"
                  transform={`translate(${round(frame.x(xs[i] ?? 0))} ${round(frame.y(ys[i] ?? 0))})`}
                />
              )
            })
          }
        </Plot>
      )}
    </Figure>
  )
}

const latentGroups = (run: RunView | null, rows: number): LatentView | null =>
  run?.point?.latents.find((l) => l.kind === 'discrete' && l.rows === rows && l.labels.length > 1) ?? null

const MOST_ROWS = 60

/** Probability of each value for each row, as lengths: a stacked bar a row. */
export function ResponsibilitiesChart({ latents, run, title }: Props) {
  const { latent, select } = useLatent(latents, run)
  const [page, setPage] = useState(0)
  if (latent?.probabilities == null) return null
  const { probabilities, labels, rows } = latent
  const pages = Math.max(1, Math.ceil(rows / MOST_ROWS))
  const shown = Math.min(page, pages - 1)
  const from = shown * MOST_ROWS
  const count = Math.min(MOST_ROWS, rows - from)
  const p = (i: number, k: number): number => probabilities[(from + i) * labels.length + k] ?? 0
  const summary = `The probability of each of ${counted(labels.length, 'value')} of ${latent.name}, one bar a row: rows ${from + 1} to ${from + count} of ${rows.toLocaleString('en')}.`
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      controls={
        <>
          {select}
          {pages > 1 ? (
            <label>
              page
              <input
                type="number"
                min={1}
                max={pages}
                value={shown + 1}
                onInput={(e) => setPage(Math.min(pages, Math.max(1, Number(e.currentTarget.value) || 1)) - 1)}
              />
              {`of ${pages}`}
            </label>
          ) : null}
        </>
      }
      legend={<Legend items={labels.map((l, k) => ({ label: l, mark: 'marker', series: k }))} />}
      table={() => ({
        caption: `Responsibilities of ${latent.name}`,
        columns: ['row', ...labels],
        rows: Array.from({ length: count }, (_, i) => [labelOf(latent, from + i), ...labels.map((_l, k) => p(i, k))]),
        total: rows,
      })}
    >
      {(width) => {
        const left = Math.min(
          width * 0.35,
          12 + 7.2 * Math.max(...Array.from({ length: count }, (_, i) => labelOf(latent, from + i).length)),
        )
        const x = linear([0, 1], [left, width - 8])
        const h = 14
        const height = count * h + 36
        return (
          <svg viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={summary}>
            {Array.from({ length: count }, (_, i) => {
              let at = 0
              const best = latent.modes?.[from + i] ?? 0
              return (
                <g key={`${i}`} transform={`translate(0 ${i * h})`}>
                  <text x={left - 18} y={h / 2} dy="0.32em" text-anchor="end" font-size="11">
                    {cut(labelOf(latent, from + i), left - 20)}
                  </text>
                  <path d={markerPath(best, 32)} transform={`translate(${left - 9} ${h / 2})`} fill={colourOf(best)} />
                  {labels.map((l, k) => {
                    const begin = at
                    at += p(i, k)
                    return (
                      <rect
                        key={l}
                        x={round(x(begin))}
                        y="1"
                        width={round(Math.max(0, x(at) - x(begin)))}
                        height={h - 2}
                        fill={colourOf(k)}
                        stroke="var(--chart-back)"
                        stroke-width="0.5"
                      />
                    )
                  })}
                </g>
              )
            })}
            <g class="axis" transform={`translate(0 ${count * h + 2})`}>
              <path d={`M${left},0H${width - 8}`} />
              {[0, 0.5, 1].map((v) => (
                <g key={v} transform={`translate(${x(v)} 0)`}>
                  <line y2="4" />
                  <text y="16" text-anchor={v === 1 ? 'end' : 'middle'}>
                    {v}
                  </text>
                </g>
              ))}
              <text class="quiet" x={width - 8} y="31" text-anchor="end">
                probability
              </text>
            </g>
          </svg>
        )
      }}
    </Figure>
  )
}
