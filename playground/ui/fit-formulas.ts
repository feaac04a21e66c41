/**
 * Fits formulas to their places, all whose width has changed at once: each round writes first and reads then, so that the
 * page is laid out a few times, however many formulas there are.
 */
import { looseBrackets } from './loose-brackets.js'

/** The smallest that a formula is made, as a part of its size. */
export const SMALLEST = 0.72

/** How much smaller what is `widest` wide has to be in a place `room` wide; never below what can be read. */
export const scaleFor = (widest: number, room: number): number =>
  widest <= room || widest === 0 ? 1 : Math.max(SMALLEST, room / widest)

/** About the width of a character, as a part of the size of the letters. */
const CHARACTER = 0.5

export interface Fitting {
  readonly formula: HTMLElement
  readonly latex: string
  /** Lays it out, as it is or with brackets that let go. */
  render(latex: string): void
  /** Is told whether the formula is wider than its place after all. */
  told(wide: boolean): void
}

interface Place extends Fitting {
  /** It is not as it was given: brackets let go, or it is smaller. */
  changed: boolean
}

const places = new Map<Element, Place>()
let observer: ResizeObserver | null = null

/** @returns what ends it */
export function fitted(place: HTMLElement, fitting: Fitting): () => void {
  observer ??= watching()
  places.set(place, { ...fitting, changed: false })
  observer.observe(place)
  return () => {
    observer?.unobserve(place)
    places.delete(place)
  }
}

function watching(): ResizeObserver {
  const widths = new WeakMap<Element, number>()
  // letters are wider or narrower when their fonts have arrived
  document.fonts.addEventListener('loadingdone', () => fit([...places.keys()]))
  return new ResizeObserver((entries) => {
    const moved = entries.filter(({ target }) => {
      const known = widths.get(target) === target.clientWidth
      widths.set(target, target.clientWidth)
      return !known && target.clientWidth > 0
    })
    fit(moved.map(({ target }) => target))
  })
}

const isWide = (place: Element): boolean => place.scrollWidth > place.clientWidth + 1

function fit(elements: readonly Element[]): void {
  const all = elements.flatMap((element): (readonly [Element, Place])[] => {
    const place = places.get(element)
    return place === undefined ? [] : [[element, place]]
  })
  for (const [, place] of all) {
    if (place.changed) place.render(place.latex)
    place.changed = false
  }
  const narrow = all.filter(([element]) => isWide(element))
  const sizes = narrow.map(([, { formula }]) =>
    Number.parseFloat(getComputedStyle(formula.querySelector('.katex') ?? formula).fontSize),
  )
  narrow.forEach(([element, place], i) => {
    const loose = looseBrackets(place.latex, element.clientWidth / (CHARACTER * (sizes[i] ?? 16)))
    place.changed = loose !== place.latex
    if (place.changed) place.render(loose)
  })
  const scales = narrow.map(([element, { formula }]) => scaleFor(widestPart(formula), roomOf(element, formula)))
  narrow.forEach(([, place], i) => {
    const scale = scales[i] ?? 1
    if (scale === 1) return
    place.changed = true
    place.formula.style.setProperty('--formula-scale', String(scale))
  })
  const wide = new Set(narrow.filter(([element]) => isWide(element)).map(([element]) => element))
  for (const [element, place] of all) place.told(wide.has(element))
}

/** Parts that are never broken. */
function widestPart(formula: Element): number {
  const parts = formula.querySelectorAll('.katex-html > .katex-base')
  return Math.max(0, ...Array.from(parts, (part) => part.getBoundingClientRect().width))
}

function roomOf(element: Element, formula: Element): number {
  const line = formula.querySelector('.katex-html')
  return element.clientWidth - (line === null ? 0 : Number.parseFloat(getComputedStyle(line).paddingLeft))
}
