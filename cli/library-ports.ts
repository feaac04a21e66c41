import { UsageError } from './exit-codes.js'
import type { Ports } from './ports.js'

/** The library as the command line needs it. */
export function libraryPorts(): Ports {
  const missing = (): never => {
    throw new UsageError('the library is not connected to the command line yet')
  }
  return { version: '0.1.0', compile: missing, format: missing, loadFit: missing }
}
