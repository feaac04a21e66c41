/** What a result says of its degenerate components. */
import type { ComponentState, LatentLayout } from './contract.js'
import { isCollapsed, LEAST_COUNT, LEAST_RELATIVE_VARIANCE, LEAST_SHARED_COUNT } from './degenerate.js'
import { type FitWarning, short } from './warnings.js'

/** Components of one latent that each have a warning of their own; more of them have one together. */
const MOST_NAMED = 5

/** What has become of degenerate components: their smallest variances, or their counts, and what to do. */
export function degenerateWarnings(states: readonly ComponentState[], latents: readonly LatentLayout[]): FitWarning[] {
  const layouts = new Map(latents.map((layout) => [layout.name, layout]))
  return [...layouts.values()].flatMap((layout) => {
    const own = states.filter(({ latent }) => latent === layout.name)
    const collapsed = own.filter(isCollapsed)
    return [
      ...collapsedComponents(collapsed, layout),
      ...emptyComponents(
        own.filter((s) => !isCollapsed(s)),
        layout,
      ),
    ]
  })
}

const labelOf = ({ value }: ComponentState, { labels }: LatentLayout): string => labels[value] ?? String(value + 1)

function rowsOf(count: number): string {
  const text = short(count)
  return `${text} ${text === '1' ? 'row' : 'rows'}`
}

/** "components 1, 2, 3 and 40 others of `z`", of how many, and how many rows there are where these are fewer. */
function several(states: readonly ComponentState[], layout: LatentLayout): string {
  const named = states.slice(0, 3).map((state) => labelOf(state, layout))
  const rows = layout.rows < layout.values ? `, for ${layout.rows} rows` : ''
  return `components ${named.join(', ')} and ${states.length - named.length} others of \`${layout.name}\` (of ${layout.values} in all${rows})`
}

function collapsedComponents(states: readonly ComponentState[], layout: LatentLayout): FitWarning[] {
  const code = 'W521'
  const help = 'use fewer components, share their spread, or give the spread a prior'
  if (states.length > MOST_NAMED) {
    const limit = `below ${LEAST_RELATIVE_VARIANCE} of that of the data`
    return [
      { code, message: `${several(states, layout)} have collapsed: their smallest variances are ${limit}; ${help}` },
    ]
  }
  return states.map((state) => ({
    code,
    message:
      `component ${labelOf(state, layout)} of \`${layout.name}\` has collapsed: its smallest variance is ` +
      `${short(state.relativeVariance ?? Number.NaN)} of that of the data (below ${LEAST_RELATIVE_VARIANCE}), over ` +
      `${rowsOf(state.expectedCount)}; ${help}`,
  }))
}

function emptyComponents(states: readonly ComponentState[], layout: LatentLayout): FitWarning[] {
  const code = 'W522'
  const help = 'use fewer components, or give the weights a prior'
  const limit = states.some((state) => state.ownSpread) ? LEAST_COUNT : LEAST_SHARED_COUNT
  if (states.length > MOST_NAMED)
    return [
      {
        code,
        message: `${several(states, layout)} are nearly empty: each expects less than ${limit} rows; ${help}`,
      },
    ]
  return states.map((state) => ({
    code,
    message:
      `component ${labelOf(state, layout)} of \`${layout.name}\` is nearly empty: it expects ` +
      `${rowsOf(state.expectedCount)} (below ${limit}); ${help}`,
  }))
}
