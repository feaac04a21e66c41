import { useEffect, useMemo, useState } from 'preact/hooks'
import { Figure } from '../../charts/figure.js'
import { componentName, counted } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { Band, Line, Marker, round } from '../../charts/marks.js'
import { colourOf } from '../../charts/palette.js'
import { Plot, type PlotFrame } from '../../charts/plot.js'
import { type Domain, extentOf, linear, padded, ticksOf } from '../../charts/scales.js'
import type { LatentView, RunView } from '../../session/view.js'
import { ColumnSelect } from './column-select.js'
import type { ColumnView } from './columns.js'
import type { View } from './views.js'

interface Props {
  readonly offered: Extract<View, { kind: 'path' }>
  readonly run: RunView | null
  readonly title: string
}

/** Places that are drawn one by one, and at once. */
const MOST_MARKED = 400
const WINDOW = 150

/** One sequence: the states of a chain as bands under the observations, or a mean ± 2 sd over them. */
export function PathChart({ offered, run, title }: Props) {
  const [name, setName] = useState(offered.latents[0] ?? '')
  const [position, setPosition] = useState(0)
  const [sequence, setSequence] = useState(0)
  const [place, setPlace] = useState(0)
  const point = run?.point ?? null
  const latent =
    point?.latents.find((l) => l.name === name) ?? point?.latents.find((l) => offered.latents.includes(l.name)) ?? null
  const sequences = useMemo(() => (latent === null ? [] : sequencesOf(latent)), [latent])
  useEffect(() => {
    if (sequence >= sequences.length) setSequence(0)
  }, [sequence, sequences.length])
  if (latent === null) return null
  const columns = offered.columns.filter((c) => c.rows === latent.rows)
  const column = columns[position] ?? columns[0] ?? null
  const whole = sequences[sequence] ?? { from: 0, to: latent.rows }
  const longest = whole.to - whole.from
  const start = Math.min(place, Math.max(0, longest - WINDOW))
  const part = longest > WINDOW ? { from: whole.from + start, to: whole.from + start + WINDOW } : whole
  const length = part.to - part.from
  const offset = part.from - whole.from
  const xs = Float64Array.from({ length }, (_, i) => offset + i + 1)
  const ys = column === null ? null : column.values.subarray(part.from, part.to)
  const summary = summaryOf(latent, column, length, sequences.length, sequence)
  const levels = column?.levels ?? null
  const y = domainOf(latent, ys, part, levels)
  // the strip below has no scale of the data
  const lowest = latent.kind === 'discrete' ? y[0] + STRIP_PART * (y[1] - y[0]) : y[0]
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      controls={
        offered.latents.length > 1 || columns.length > 1 || sequences.length > 1 || longest > WINDOW ? (
          <>
            {offered.latents.length > 1 ? (
              <label>
                latent
                <select value={latent.name} onChange={(e) => setName(e.currentTarget.value)}>
                  {offered.latents.map((l) => (
                    <option key={l}>{l}</option>
                  ))}
                </select>
              </label>
            ) : null}
            {columns.length > 1 ? (
              <ColumnSelect label="column" columns={columns} value={position} onChange={setPosition} />
            ) : null}
            {sequences.length > 1 ? (
              <label>
                sequence
                <input
                  type="number"
                  min={1}
                  max={sequences.length}
                  value={sequence + 1}
                  onInput={(e) =>
                    setSequence(Math.min(sequences.length, Math.max(1, Number(e.currentTarget.value) || 1)) - 1)
                  }
                />
                {`of ${sequences.length}`}
              </label>
            ) : null}
            {longest > WINDOW ? (
              <label>
                places
                <input
                  type="range"
                  class="chart-scrub"
                  min={0}
                  max={longest - WINDOW}
                  step={10}
                  value={start}
                  aria-valuetext={`places ${start + 1} to ${start + WINDOW} of ${longest}`}
                  onInput={(e) => setPlace(Number(e.currentTarget.value))}
                />
                {`${start + 1} to ${start + WINDOW} of ${longest}`}
              </label>
            ) : null}
          </>
        ) : undefined
      }
      legend={<Legend items={legendOf(latent, column)} />}
      table={() => tableOf(latent, column, part)}
    >
      {(width) => (
        <Plot
          label={summary}
          width={width}
          height={heightOf(latent, levels)}
          x={[offset + 0.5, offset + length + 0.5]}
          y={y}
          xLabel="place in the sequence"
          yLabel={column === null ? latent.name : column.label}
          wholeX
          yTicks={
            levels === null
              ? ticksOf(linear(y, [0, 1]), 6).filter((t) => t.value >= lowest)
              : levels.slice(0, 40).map((label, value) => ({ label, value }))
          }
        >
          {(frame) => (
            <>
              {latent.kind === 'discrete' ? (
                <States frame={frame} latent={latent} part={part} offset={offset} />
              ) : (
                <Curve frame={frame} latent={latent} part={part} xs={xs} />
              )}
              {ys === null ? null : (
                <Observed
                  frame={frame}
                  xs={xs}
                  ys={ys}
                  latent={latent}
                  part={part}
                  joined={levels === null && latent.kind === 'discrete'}
                />
              )}
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}

interface Part {
  readonly from: number
  readonly to: number
}

/** Height of the strip in which the posterior of the states is stacked, and its part of the whole. */
const STRIP = 46
const STRIP_PART = 0.205

/** Behind: a band of the most probable state's colour. Below: the posterior of each state, stacked. */
function States({
  frame,
  latent,
  part,
  offset,
}: {
  readonly offset: number
  readonly frame: PlotFrame
  readonly latent: LatentView
  readonly part: Part
}) {
  const width = latent.labels.length
  const step = Math.abs(frame.x(2) - frame.x(1))
  const bands: { readonly from: number; readonly to: number; readonly k: number }[] = []
  for (let i = part.from; i < part.to; i++) {
    const k = latent.modes?.[i] ?? 0
    const last = bands.at(-1)
    if (last?.k === k) bands[bands.length - 1] = { ...last, to: i + 1 }
    else bands.push({ from: i, to: i + 1, k })
  }
  const floor = frame.top + frame.height
  const stacks = latent.labels.map((_, k) => {
    const at = (i: number, upTo: number): number => {
      let p = 0
      for (let j = 0; j < upTo; j++) p += latent.probabilities?.[i * width + j] ?? 0
      return round(floor - STRIP * Math.min(1, p))
    }
    let up = ''
    let down = ''
    for (let i = part.from; i < part.to; i++) {
      const a = round(frame.x(offset + i - part.from + 0.5))
      const b = round(a + step)
      up += `${up === '' ? 'M' : 'L'}${a},${at(i, k + 1)}L${b},${at(i, k + 1)}`
      down = `L${b},${at(i, k)}L${a},${at(i, k)}${down}`
    }
    return `${up}${down}Z`
  })
  return (
    <>
      {bands.map((b) => (
        <rect
          key={`${b.from}`}
          x={round(frame.x(offset + b.from - part.from + 0.5))}
          width={round((b.to - b.from) * step)}
          y={frame.top}
          height={frame.height - STRIP - 6}
          fill={colourOf(b.k)}
          opacity={0.16}
        />
      ))}
      {stacks.map((d, k) => (
        <path key={`${k}`} d={d} fill={colourOf(k)} opacity={0.85} />
      ))}
      <line
        x1={frame.left}
        x2={frame.left + frame.width}
        y1={floor - STRIP}
        y2={floor - STRIP}
        stroke="var(--chart-rule)"
      />
    </>
  )
}

function Curve({
  frame,
  latent,
  part,
  xs,
}: {
  readonly frame: PlotFrame
  readonly latent: LatentView
  readonly part: Part
  readonly xs: Float64Array
}) {
  const { means, sd } = latent
  if (means === null) return null
  const mean = means.subarray(part.from, part.to)
  const off = (sign: number): Float64Array => mean.map((m, i) => m + sign * 2 * (sd?.[part.from + i] ?? Number.NaN))
  return (
    <>
      <Band frame={frame} xs={xs} low={off(-1)} high={off(1)} colour="var(--series-0)" opacity={0.2} />
      <Line frame={frame} xs={xs} ys={mean} colour="var(--series-0)" width={2.5} />
    </>
  )
}

function Observed({
  frame,
  xs,
  ys,
  latent,
  part,
  joined,
}: {
  readonly frame: PlotFrame
  readonly xs: Float64Array
  readonly ys: Float64Array
  readonly latent: LatentView
  readonly part: Part
  readonly joined: boolean
}) {
  const marked = xs.length <= MOST_MARKED
  return (
    <>
      {joined ? <Line frame={frame} xs={xs} ys={ys} colour="var(--chart-rule)" width={1} /> : null}
      {marked
        ? Array.from(xs, (x, i) => {
            const y = ys[i] ?? Number.NaN
            if (Number.isNaN(y)) return null
            const k = latent.kind === 'discrete' ? (latent.modes?.[part.from + i] ?? 0) : 0
            return (
              <Marker
                key={x}
                frame={frame}
                x={x}
                y={y}
                series={k}
                size={30}
                {...(latent.kind === 'discrete' ? {} : { colour: 'var(--chart-quiet)' })}
              />
            )
          })
        : null}
    </>
  )
}

/** Where sequences begin and end. */
function sequencesOf(l: LatentView): readonly Part[] {
  const starts =
    l.beginnings !== null
      ? [...l.beginnings].sort((a, b) => a - b)
      : l.lengths !== null
        ? l.lengths.map((_, r) => (l.lengths ?? []).slice(0, r).reduce((a, b) => a + b, 0))
        : l.shape.length === 2
          ? Array.from({ length: l.shape[0] ?? 1 }, (_, r) => r * (l.shape[1] ?? 1))
          : [0]
  return starts.map((from, i) => ({ from, to: starts[i + 1] ?? l.rows })).filter((s) => s.to > s.from)
}

/** Names of levels stand 14 px apart at least. */
function heightOf(latent: LatentView, levels: readonly string[] | null): number {
  if (latent.kind !== 'discrete') return 280
  return Math.max(320, 66 + (14 * Math.min(40, levels?.length ?? 0)) / (1 - STRIP_PART))
}

function domainOf(latent: LatentView, ys: Float64Array | null, part: Part, levels: readonly string[] | null): Domain {
  const low: number[] = []
  if (latent.means !== null)
    for (let i = part.from; i < part.to; i++) {
      const [m, s] = [latent.means[i] ?? Number.NaN, latent.sd?.[i] ?? 0]
      low.push(m - 2 * s, m + 2 * s)
    }
  const [a, b] =
    levels !== null ? [-0.5, levels.length - 0.5] : padded(extentOf(ys ?? [], low.length > 0 ? low : (ys ?? [])), 0.08)
  // the states' posterior stands in a strip below
  return latent.kind === 'discrete' ? [a - ((b - a) * STRIP_PART) / (1 - STRIP_PART), b] : [a, b]
}

function summaryOf(l: LatentView, c: ColumnView | null, length: number, sequences: number, sequence: number): string {
  const which = sequences > 1 ? `Sequence ${sequence + 1} of ${sequences}: ` : ''
  const over = c === null ? '' : ` of ${c.label}`
  const what = `${counted(length, 'value')}${over}`
  return l.kind === 'discrete'
    ? `${which}${what}, banded by the most probable of ${counted(l.labels.length, 'state')} of ${l.name}; the strip shows the probability of each state.`
    : `${which}${what} with the posterior mean of ${l.name} and 2 standard deviations on each side.`
}

function legendOf(l: LatentView, c: ColumnView | null): readonly LegendItem[] {
  if (l.kind === 'discrete')
    return l.labels.map((label, k) => ({ label: componentName(l.name, label), mark: 'marker', series: k }))
  return [
    ...(c === null ? [] : [{ label: c.label, mark: 'marker', series: 0, colour: 'var(--chart-quiet)' } as const]),
    { label: `mean of ${l.name}`, mark: 'line', series: 0 },
    { label: '± 2 sd', mark: 'area', colour: 'var(--chart-band)' },
  ]
}

function tableOf(l: LatentView, c: ColumnView | null, part: Part) {
  const rows = Array.from({ length: Math.min(200, part.to - part.from) }, (_, k) => {
    const i = part.from + k
    const own =
      l.kind === 'discrete'
        ? [
            l.labels[l.modes?.[i] ?? 0] ?? '',
            ...l.labels.map((_x, j) => l.probabilities?.[i * l.labels.length + j] ?? Number.NaN),
          ]
        : [l.means?.[i] ?? Number.NaN, l.sd?.[i] ?? Number.NaN]
    const y = c?.values[i] ?? Number.NaN
    return [String(k + 1), ...(c === null ? [] : [c.levels === null ? y : (c.levels[y] ?? '–')]), ...own]
  })
  const own = l.kind === 'discrete' ? ['state', ...l.labels.map((x) => `p(${x})`)] : [`mean of ${l.name}`, 'sd']
  return {
    caption: `Path of ${l.name}`,
    columns: ['place', ...(c === null ? [] : [c.label]), ...own],
    rows,
    total: part.to - part.from,
  }
}
