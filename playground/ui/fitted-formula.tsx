/**
 * A formula in a place of its own, which may be narrow. KaTeX lets a line be broken after relations and signs that stand in
 * no brackets; where that is not enough, brackets let go of what they hold, then the formula is made smaller, down to what
 * can be read, and beyond that its place scrolls, takes the focus, and shows that it scrolls.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Formula } from '../../compiler/derivation/types.js'
import { fitted } from './fit-formulas.js'
import { type Katex, rendered } from './formula.js'
import { heldTogether } from './loose-brackets.js'

interface Props extends Formula {
  readonly katex: Katex | null
  readonly display?: boolean
}

export function FittedFormula({ text, latex, katex, display = false }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const [wide, setWide] = useState(false)
  useLayoutEffect(() => {
    const formula = place.current?.querySelector<HTMLElement>('.formula')
    if (place.current === null || formula == null) return
    const render = (as: string): void => {
      if (katex !== null) rendered(katex, formula, heldTogether(as), display)
    }
    render(latex)
    return fitted(place.current, { formula, latex, render, told: setWide })
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
