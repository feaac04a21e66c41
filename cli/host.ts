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
  /** Writes a file whole or not at all. */
  write(path: string, text: string): Promise<void>
  /** Calls back at Ctrl-C until the returned function is called. */
  onInterrupt(callback: () => void): () => void
  now(): number
}
