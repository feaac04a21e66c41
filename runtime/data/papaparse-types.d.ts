/**
 * The part of papaparse that is used here. The package's own types pull in those of Node and of the page, which this
 * folder must do without; `tsconfig.pure.json` reads these instead.
 */
interface ParseError {
  readonly type: string
  readonly code: string
  readonly message: string
  readonly row?: number
}

interface ParseConfig {
  readonly delimiter?: string
  readonly newline?: '\n'
  readonly header?: false
  readonly skipEmptyLines?: boolean
}

interface Papa {
  parse<Row>(text: string, config: ParseConfig): { readonly data: Row[]; readonly errors: readonly ParseError[] }
}

declare const papa: Papa
export default papa
