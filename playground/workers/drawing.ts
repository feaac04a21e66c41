/** Data drawn from the model at the params that are shown, as a file that the Data panel reads. */
import { OptionError } from '../../api/errors.js'
import type { SimulatedValue, Simulation } from '../../api/simulate/simulation.js'
import type { KeptRun } from './kept-run.js'
import type { DrawnView, DrawRequest } from './messages.js'
import type { ModelOverData } from './model-over-data.js'

export async function drawn(
  over: ModelOverData,
  kept: KeptRun,
  { sizes, seed, latents }: DrawRequest,
): Promise<DrawnView> {
  const params = await kept.nestedParams()
  if (kept.stepper.logJacobian !== 0)
    throw new OptionError('the params shown are on the standardised scale: draw from a run that is not standardised')
  // with as many rows as there are, covariates and keys of groups are those of the data
  const data = sizes.size === 0 ? { data: over.tables } : {}
  const simulation = over.model.simulate(params, sizes, { ...over.binding, ...data, seed }, kept.fit?.result ?? null)
  const table = simulation.table({ latents })
  const whole = table.columns.length > 0 && !table.left.some((name) => Object.hasOwn(simulation.data, name))
  if (!whole) return { name: 'drawn.json', text: JSON.stringify(documentOf(simulation, latents)), groupBy: null }
  const rows = Math.max(0, ...table.columns.map((c) => c.cells.length))
  const lines = [
    table.columns.map((c) => quoted(c.name)),
    ...Array.from({ length: rows }, (_, i) => table.columns.map((c) => cellText(c.cells[i] ?? null))),
  ]
  const text = `${lines.map((line) => line.join(',')).join('\n')}\n`
  const isGrouped = [...simulation.bound.arrays.values()].some((a) => a.offsets !== null)
  return { name: 'drawn.csv', text, groupBy: isGrouped ? (table.columns[0]?.name ?? null) : null }
}

const documentOf = ({ data, latents }: Simulation, withLatents: boolean) =>
  withLatents ? { ...latents, ...data } : data

const quoted = (text: string): string => (/[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function cellText(value: SimulatedValue): string {
  if (value === null) return 'NA'
  return quoted(typeof value === 'boolean' ? String(Number(value)) : String(value))
}
