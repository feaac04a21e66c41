/** What the checker remembers of expressions, so that it need not work it out again. */

export interface Range {
  readonly low: number
  readonly high: number
  /** true where the value is known to be greater than 0. */
  readonly aboveZero: boolean
}

export interface SizeForm {
  readonly constant: number
  readonly atoms: ReadonlyMap<string, { readonly factor: number; readonly plain: boolean }>
}

/** What is known of a const when it is declared, so that long chains of consts are not followed again and again. */
export interface ConstFacts {
  /** Its value at its written definition, where that is one number made of numbers and consts. */
  readonly number: number | null
  /** Its value as a size, null where it is a plain number (which a fit may override) or not linear. */
  readonly form: SizeForm | null
}
