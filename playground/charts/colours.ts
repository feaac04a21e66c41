import { useEffect, useState } from 'preact/hooks'
import { SERIES } from './palette.js'

export type Rgb = readonly [number, number, number]

/** The colours of the components as numbers, for what is mixed or drawn on a canvas; they follow the scheme of the page. */
export function useColours(element: { readonly current: Element | null }): readonly Rgb[] {
  const [colours, setColours] = useState<readonly Rgb[]>([])
  useEffect(() => {
    const read = (): void => {
      const host = element.current
      if (host === null) return
      const probe = document.createElement('span')
      probe.hidden = true
      host.append(probe)
      const found = Array.from({ length: SERIES }, (_, k): Rgb => {
        probe.style.color = `var(--series-${k})`
        return parseRgb(getComputedStyle(probe).color)
      })
      probe.remove()
      setColours((old) => (old.join() === found.join() ? old : found))
    }
    read()
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', read)
    const observer = new MutationObserver(read)
    observer.observe(document.documentElement, { attributes: true })
    return () => {
      scheme.removeEventListener('change', read)
      observer.disconnect()
    }
  }, [element])
  return colours
}

export function parseRgb(text: string): Rgb {
  const [r = 0, g = 0, b = 0] = (text.match(/[\d.]+/g) ?? []).map(Number)
  return text.includes('srgb') ? [r * 255, g * 255, b * 255] : [r, g, b]
}

/** Colours weighted by probabilities; rows × colours, this row. */
export function mixed(colours: readonly Rgb[], probabilities: Float64Array, row: number, width: number): string {
  let [r, g, b, total] = [0, 0, 0, 0]
  for (let k = 0; k < width; k++) {
    const p = probabilities[row * width + k] ?? 0
    const c = colours[k % Math.max(1, colours.length)]
    if (c === undefined || !(p > 0)) continue
    r += p * c[0]
    g += p * c[1]
    b += p * c[2]
    total += p
  }
  if (total === 0) return 'currentColor'
  return `rgb(${Math.round(r / total)} ${Math.round(g / total)} ${Math.round(b / total)})`
}
