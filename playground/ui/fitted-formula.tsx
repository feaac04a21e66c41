/**
 * A formula in a place of its own, which may be narrow. KaTeX lets a line be broken after relations and signs that stand in
 * no brackets; where that is not enough, brackets let go of what they hold, then the formula is made smaller, down to what
 * can be read, and beyond that its place scrolls, takes the focus, and shows that it scrolls.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Formula } from '../../compiler/derivation/types.js'
import { type Katex, rendered } from './formula.js'
import { looseBrackets } from './loose-brackets.js'

/** The smallest that a formula is made, as a part of its size. */
export const SMALLEST = 0.72

/** How much smaller what is `widest` wide has to be in a place `room` wide; never below what can be read. */
export const scaleFor = (widest: number, room: number): number =>
  widest <= room || widest === 0 ? 1 : Math.max(SMALLEST, room / widest)

interface Props extends Formula {
  readonly katex: Katex | null
  readonly display?: boolean
}

export function FittedFormula({ text, latex, katex, display = false }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const [wide, setWide] = useState(false)
  useLayoutEffect(() => {
    const element = place.current
    const formula = element?.querySelector<HTMLElement>('.formula')
    if (element == null || formula == null) return
    let room = -1
    const fit = (): void => {
      if (element.clientWidth === 0) return
      setWide(katex === null ? isWide(element) : fitted(element, formula, katex, latex, display))
    }
    fit()
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === room) return
      room = element.clientWidth
      fit()
    })
    observer.observe(element)
    // letters are wider or narrower when their fonts have arrived
    document.fonts.addEventListener('loadingdone', fit)
    return () => {
      observer.disconnect()
      document.fonts.removeEventListener('loadingdone', fit)
    }
  }, [katex, latex, text, display])
  return (
    <div
      ref={place}
      class={`scroll${wide ? ' is-wide' : ''}`}
      role="math"
      aria-label={text.trim()}
      tabIndex={wide ? 0 : undefined}
    >
      <span class={display ? 'formula display' : 'formula'} key={katex === null ? 'text' : latex}>
        {katex === null ? text : null}
      </span>
    </div>
  )
}

const isWide = (element: HTMLElement): boolean => element.scrollWidth > element.clientWidth + 1

/** About the width of a character, as a part of the size of the letters. */
const CHARACTER = 0.5

/** true where it is still wider than its place. */
function fitted(place: HTMLElement, formula: HTMLElement, katex: Katex, latex: string, display: boolean): boolean {
  rendered(katex, formula, latex, display)
  if (!isWide(place)) return false
  const size = Number.parseFloat(getComputedStyle(formula.querySelector('.katex') ?? formula).fontSize)
  const loose = looseBrackets(latex, place.clientWidth / (CHARACTER * size))
  if (loose !== latex) rendered(katex, formula, loose, display)
  const line = formula.querySelector<HTMLElement>('.katex-html')
  if (line === null) return false
  const room = place.clientWidth - Number.parseFloat(getComputedStyle(line).paddingLeft)
  // parts that are never broken
  const parts = [...formula.querySelectorAll('.katex-html > .katex-base')]
  const widest = Math.max(0, ...parts.map((part) => part.getBoundingClientRect().width))
  formula.style.setProperty('--formula-scale', String(scaleFor(widest, room)))
  return isWide(place)
}
