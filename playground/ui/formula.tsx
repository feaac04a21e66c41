/** Formulas, laid out by KaTeX when it has arrived; in Unicode until then. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Formula as Both } from '../../compiler/derivation/types.js'

export type Katex = typeof import('katex').default

let arriving: Promise<Katex> | null = null
let arrived: Katex | null = null

async function load(): Promise<Katex> {
  const [module] = await Promise.all([import('katex'), import('katex/dist/katex.min.css')])
  arrived = module.default
  return arrived
}

/** KaTeX, once it is there; it is asked for by the first formula that is shown. */
export function useKatex(): Katex | null {
  const [katex, set] = useState<Katex | null>(() => arrived)
  useEffect(() => {
    if (katex !== null) return
    arriving ??= load()
    arriving.then(
      (k) => set(() => k),
      () => {},
    )
  }, [katex])
  return katex
}

/**
 * Lays out a formula in a place. Formulas are made by the compiler; what it takes from the model are names, and commands that
 * could do harm are not trusted.
 */
export function rendered(katex: Katex, place: HTMLElement, latex: string, display: boolean): void {
  place.style.removeProperty('--formula-scale')
  katex.render(latex, place, { displayMode: display, throwOnError: false, trust: false, strict: false })
}

/** Characters of a formula among words that is not broken. */
const SHORT = 24

interface Props extends Both {
  readonly katex: Katex | null
}

/** A formula among words. */
export function Formula({ text, latex, katex }: Props) {
  const place = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    if (katex !== null && place.current !== null) rendered(katex, place.current, latex, false)
  }, [katex, latex])
  const kind = [...text].length <= SHORT ? 'formula short' : 'formula'
  return katex === null ? <span class={kind}>{text}</span> : <span key={latex} class={kind} ref={place} />
}
