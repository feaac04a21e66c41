import { useEffect, useState } from 'preact/hooks'

/** Whether a media query holds, rendered anew when that changes. */
export function useMedia(query: string): boolean {
  const [holds, set] = useState(() => globalThis.matchMedia(query).matches)
  useEffect(() => {
    const list = globalThis.matchMedia(query)
    const changed = (): void => set(list.matches)
    changed()
    list.addEventListener('change', changed)
    return () => list.removeEventListener('change', changed)
  }, [query])
  return holds
}
