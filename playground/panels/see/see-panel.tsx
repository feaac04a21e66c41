import { useEffect, useMemo, useState } from 'preact/hooks'
import '../../charts/charts.css'
import { Tabs } from '../../charts/tabs.js'
import type { RunView, ViewPanelProps } from '../../session/view.js'
import { BarsChart, CountsChart } from './bars-chart.js'
import { HistogramChart } from './histogram-chart.js'
import { ImageChart } from './image-chart.js'
import { IntervalsChart, ResponsibilitiesChart, ScoresChart } from './latent-charts.js'
import { ParamsChart } from './params-chart.js'
import { PathChart } from './path-chart.js'
import { ScatterChart } from './scatter-chart.js'
import { TraceChart } from './trace-chart.js'
import { offeredViews, VIEW_NAMES, type View, type ViewKind } from './views.js'

/** What a run looks like at the moment shown: the views that its model and its data offer, and the objective below. */
export function SeePanel({ view, queries, onScrub }: ViewPanelProps) {
  const shown = view.runs.find((r) => r.id === view.shown) ?? null
  const beside = view.runs.find((r) => r.id === view.beside) ?? null
  const views = useMemo(() => offeredViews(view.data, shown?.point ?? null), [view.data, shown?.point])
  const [kind, setKind] = useState<ViewKind | null>(null)
  const [first] = views
  useEffect(() => {
    if (kind !== null && !views.some((v) => v.kind === kind)) setKind(null)
  }, [kind, views])
  const chosen = views.find((v) => v.kind === kind) ?? first ?? null
  const runs: readonly (RunView | null)[] = beside === null ? [shown] : [shown, beside]
  return (
    <div class="chart-panel">
      {views.length > 1 && chosen !== null ? (
        <Tabs
          label="Views"
          tabs={views.map((v) => ({ id: v.kind, label: VIEW_NAMES[v.kind] }))}
          selected={chosen.kind}
          onSelect={(id) => setKind(views.find((v) => v.kind === id)?.kind ?? null)}
        />
      ) : null}
      {chosen === null ? <p class="chart-empty">There is nothing to draw yet: give the model its data.</p> : null}
      <div class="chart-columns">
        {chosen === null
          ? null
          : runs.map((run) => {
              const title = `${VIEW_NAMES[chosen.kind]}${beside === null || run === null ? '' : `: ${run.label}`}`
              return (
                <Chosen
                  key={`${run?.id ?? ''} ${chosen.kind}`}
                  chosen={chosen}
                  run={run}
                  title={title}
                  view={view}
                  queries={queries}
                />
              )
            })}
        {view.runs.some((r) => r.objectives.length > 0) ? (
          <TraceChart view={view} {...(onScrub === undefined ? {} : { onScrub })} />
        ) : null}
      </div>
    </div>
  )
}

function Chosen({
  chosen,
  run,
  title,
  view,
  queries,
}: Pick<ViewPanelProps, 'view' | 'queries'> & {
  readonly chosen: View
  readonly run: RunView | null
  readonly title: string
}) {
  switch (chosen.kind) {
    case 'scatter':
      return <ScatterChart offered={chosen} run={run} queries={queries} title={title} />
    case 'histogram':
      return <HistogramChart offered={chosen} run={run} queries={queries} title={title} />
    case 'bars':
      return <BarsChart offered={chosen} run={run} queries={queries} title={title} />
    case 'counts':
      return (
        <CountsChart
          offered={chosen}
          run={run}
          title={title}
          data={new Map(view.data.map((d) => [d.name, d.values[0] ?? Number.NaN]))}
        />
      )
    case 'path':
      return <PathChart offered={chosen} run={run} title={title} />
    case 'intervals':
      return <IntervalsChart latents={chosen.latents} run={run} title={title} />
    case 'scores':
      return <ScoresChart latents={chosen.latents} run={run} title={title} />
    case 'responsibilities':
      return <ResponsibilitiesChart latents={chosen.latents} run={run} title={title} />
    case 'params':
      return <ParamsChart run={run} title={title} />
    case 'image': {
      const array = view.data.find((d) => d.name === chosen.data)
      return array === undefined ? null : <ImageChart offered={chosen} array={array} run={run} title={title} />
    }
  }
}
