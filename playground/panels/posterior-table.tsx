import { useState } from 'preact/hooks'
import { number } from '../session/state.js'
import type { LatentView } from '../session/view.js'
import { ScrollRegion } from '../ui/scroll-region.js'
import { rowLabel } from './param-table.js'

const PAGE = 12
const MOST_COLUMNS = 12

/** Posterior of one latent, some rows at a time. */
export function PosteriorTable({ latent }: { readonly latent: LatentView }) {
  const [from, setFrom] = useState(0)
  const { name, rows, labels, probabilities, means, sd, modes } = latent
  const size = latent.own.reduce((a, b) => a * b, 1)
  const width = probabilities === null ? size : labels.length
  const heads = probabilities === null ? columnNames(latent, size) : labels.map((l) => `P(${l})`)
  const shown = heads.slice(0, MOST_COLUMNS)
  const begin = Math.min(from, Math.max(0, rows - 1))
  const count = Math.min(PAGE, rows - begin)
  const values = probabilities ?? means
  if (values === null) return null
  return (
    <section class="posterior" aria-label={`Posterior of ${name}`}>
      <h2>
        Posterior of {latent.declared ? name : 'the component'}
        <span class="hint">{rows} rows</span>
      </h2>
      <ScrollRegion label={`Rows of the posterior of ${name}`}>
        <table class="param">
          <thead>
            <tr>
              <th scope="col">row</th>
              {modes !== null && <th scope="col">most probable</th>}
              {shown.map((h) => (
                <th scope="col" key={h}>
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: count }, (_, i) => {
              const row = begin + i
              return (
                <tr key={row}>
                  <th scope="row">
                    {latent.lengths === null ? rowLabel(row, latent.shape, latent.rowLabels) : row + 1}
                  </th>
                  {modes !== null && <td>{labels[modes[row] ?? 0] ?? ''}</td>}
                  {shown.map((h, j) => (
                    <td key={h}>
                      {number(values[row * width + j] ?? Number.NaN, 3)}
                      {sd !== null && <span class="hint"> ± {number(sd[row * width + j] ?? Number.NaN, 3)}</span>}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </ScrollRegion>
      {rows > PAGE && (
        <p class="pages">
          <button type="button" disabled={begin === 0} onClick={() => setFrom(Math.max(0, begin - PAGE))}>
            Earlier
          </button>
          <span>
            rows {begin + 1} to {begin + count}
          </span>
          <button type="button" disabled={begin + PAGE >= rows} onClick={() => setFrom(begin + PAGE)}>
            Later
          </button>
        </p>
      )}
    </section>
  )
}

function columnNames({ name, own }: LatentView, size: number): readonly string[] {
  return size === 1 ? [`E(${name})`] : Array.from({ length: size }, (_, i) => `${name}[${rowLabel(i, own, [])}]`)
}
