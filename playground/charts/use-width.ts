import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** The width of an element in whole pixels, as it changes; the guess until it is known. */
export function useWidth(guess = 480): { readonly ref: { current: HTMLDivElement | null }; readonly width: number } {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(guess)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const measure = (w: number): void => {
      if (w > 0) setWidth(Math.floor(w))
    }
    measure(element.getBoundingClientRect().width)
    const observer = new ResizeObserver(([entry]) => measure(entry?.contentRect.width ?? 0))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}
