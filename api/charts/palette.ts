/** A colour and a marker for each component; both go round after eight, and then differ in pairs. */
import {
  type SymbolType,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape'

export const SERIES = 8

export const colourOf = (k: number): string => `var(--series-${((k % SERIES) + SERIES) % SERIES})`

/** A triangle on its point. */
const symbolDown: SymbolType = {
  draw(context, size) {
    const y = Math.sqrt(size / (Math.sqrt(3) * 3))
    context.moveTo(0, -y * -2)
    context.lineTo(-Math.sqrt(3) * y, -y)
    context.lineTo(Math.sqrt(3) * y, -y)
    context.closePath()
  },
}

const SYMBOLS: readonly SymbolType[] = [
  symbolCircle,
  symbolTriangle,
  symbolSquare,
  symbolDiamond,
  symbolCross,
  symbolStar,
  symbolDown,
  symbolWye,
]

/** The path of the marker of component k around (0, 0), of an area in square pixels. */
export function markerPath(k: number, area = 36): string {
  const turn = Math.floor(k / SERIES)
  const type = SYMBOLS[(((k + 3 * turn) % SERIES) + SERIES) % SERIES] ?? symbolCircle
  return symbol(type, area)() ?? ''
}

/** Dashes that tell lines apart without colour. */
const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '5 5', '1 4', '12 4', '6 2 2 2'] as const

export const dashOf = (k: number): string => DASHES[((k % DASHES.length) + DASHES.length) % DASHES.length] ?? 'none'
