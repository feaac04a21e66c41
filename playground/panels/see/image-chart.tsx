import { useEffect, useRef } from 'preact/hooks'
import { type Rgb, useColours } from '../../charts/colours.js'
import { Figure } from '../../charts/figure.js'
import { counted } from '../../charts/format.js'
import { Legend } from '../../charts/legend.js'
import type { ArrayView as DataArray, LatentView, RunView } from '../../session/view.js'
import type { View } from './views.js'

interface Props {
  readonly offered: Extract<View, { kind: 'image' }>
  readonly array: DataArray
  readonly run: RunView | null
  readonly title: string
}

/** An image beside the component of each of its pixels. */
export function ImageChart({ offered, array, run, title }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const colours = useColours(host)
  const latent = run?.point?.latents.find((l) => l.name === offered.latent) ?? null
  const { width, height } = offered
  const channels = array.shape[1] ?? 1
  const summary = `An image of ${width} by ${height} pixels${latent === null ? '' : `, and beside it the most probable of ${counted(latent.labels.length, 'component')} for each pixel`}.`
  const shares = latent === null ? [] : sharesOf(latent)
  return (
    <div ref={host}>
      <Figure
        title={title}
        summary={summary}
        stale={run?.stale ?? false}
        legend={
          latent === null ? null : (
            <Legend
              items={latent.labels.map((l, k) => ({
                label: `component ${l}: ${((shares[k] ?? 0) * 100).toFixed(1)} % of the pixels`,
                mark: 'marker',
                series: k,
              }))}
            />
          )
        }
        table={() => ({
          caption: 'Share of the pixels',
          columns: ['component', 'share'],
          rows: (latent?.labels ?? []).map((l, k) => [l, shares[k] ?? 0]),
        })}
      >
        {() => (
          <div class="chart-images">
            <Pixels
              label="the image"
              width={width}
              height={height}
              paint={(i) => original(array.values, i, channels)}
              keys={[array]}
            />
            {latent === null ? null : (
              <Pixels
                label="the component of each pixel"
                width={width}
                height={height}
                paint={(i) => colours[(latent.modes?.[i] ?? 0) % Math.max(1, colours.length)] ?? [128, 128, 128]}
                keys={[latent, colours]}
              />
            )}
          </div>
        )}
      </Figure>
    </div>
  )
}

function Pixels({
  label,
  width,
  height,
  paint,
  keys,
}: {
  readonly label: string
  readonly width: number
  readonly height: number
  paint(pixel: number): Rgb
  readonly keys: readonly unknown[]
}) {
  const ref = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = ref.current?.getContext('2d')
    if (context == null) return
    const image = context.createImageData(width, height)
    for (let i = 0; i < width * height; i++) {
      const [r, g, b] = paint(i)
      image.data.set([r, g, b, 255], i * 4)
    }
    context.putImageData(image, 0, 0)
  }, [width, height, ...keys])
  return <canvas class="chart-pixels" ref={ref} width={width} height={height} role="img" aria-label={label} />
}

function original(values: Float64Array, pixel: number, channels: number): Rgb {
  const at = (c: number): number => values[pixel * channels + Math.min(c, channels - 1)] ?? 0
  return [at(0), at(1), at(2)]
}

function sharesOf({ modes, labels }: LatentView): readonly number[] {
  const counts = new Array<number>(labels.length).fill(0)
  for (const k of modes ?? []) counts[k] = (counts[k] ?? 0) + 1
  return counts.map((c) => c / Math.max(1, modes?.length ?? 1))
}
