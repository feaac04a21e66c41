import pc from 'picocolors'
import type { Painter } from '../../lang/diagnostics/render.js'

/** Colours of the terminal, or none. */
export interface Paint {
  readonly strong: (text: string) => string
  readonly dim: (text: string) => string
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  readonly good: (text: string) => string
  readonly diagnostic: Painter
}

export function createPaint(colour: boolean): Paint {
  const c = pc.createColors(colour)
  return {
    strong: c.bold,
    dim: c.dim,
    error: c.red,
    warning: c.yellow,
    good: c.green,
    diagnostic: (paint, text) => {
      switch (paint) {
        case 'error':
          return c.bold(c.red(text))
        case 'warning':
          return c.bold(c.yellow(text))
        case 'info':
        case 'frame':
          return c.blue(text)
        case 'help':
          return c.cyan(text)
        case 'strong':
          return c.bold(text)
      }
    },
  }
}

/** A user's text on a terminal: control and direction characters become visible, so that they cannot steer it. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n]/g, ' ').replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
}
