import type { ReadResult } from '../runtime/data/types.js'

/** The terminal and the files that a command works with; `node-host.ts` has the real ones. */
export interface Host {
  stdout(text: string): void
  stderr(text: string): void
  readonly stderrIsTerminal: boolean
  /** Columns of the terminal, or 80. */
  readonly width: number
  /** Whether stdout and stderr take colour. */
  readonly colourOut: boolean
  readonly colourErr: boolean
  /** Bytes of a file, `-` is stdin; throws UsageError with a sentence where it cannot be read. */
  read(path: string): Promise<Uint8Array>
  exists(path: string): boolean
  /**
   * A table that would take more memory than there may be, to be read a part at a time; null where it fits, or is of a
   * kind that is read whole. `memory`: bytes, null for what the machine has.
   */
  openLarge?(
    path: string,
    memory: number | null,
    onProgress: (done: number, all: number) => void,
  ): Promise<ReadResult | null>
  /** Writes a file whole or not at all. Text may come in pieces; what these throw is thrown. */
  write(path: string, text: string | AsyncIterable<string>): Promise<void>
  /** Removes what writes to a file have left beside it where they were killed. */
  removeLeftovers?(path: string): void
  /** Calls back with each of these files that changes, until the returned function is called. */
  watch?(files: readonly string[], onChange: (file: string) => void): () => void
  /** Calls back at Ctrl-C until the returned function is called. */
  onInterrupt(callback: () => void): () => void
  now(): number
}
