interface FieldProps {
  readonly label: string
  readonly says?: string
  readonly value: number
  readonly onValue: (value: number) => void
}

/** A whole number; what is none is taken back. */
export function Whole({ label, says, value, least, onValue }: FieldProps & { readonly least: number }) {
  return (
    <label title={says}>
      {label}
      <input
        type="number"
        min={least}
        step={1}
        value={value}
        onChange={(e) => {
          const next = Number(e.currentTarget.value)
          if (e.currentTarget.value.trim() !== '' && Number.isSafeInteger(next) && next >= least) onValue(next)
          else e.currentTarget.value = String(value)
        }}
      />
    </label>
  )
}

/** A number; what is none is taken back. */
export function Decimal({ label, says, value, onValue }: FieldProps) {
  return (
    <label title={says}>
      {label}
      <input
        type="number"
        step="any"
        value={value}
        onChange={(e) => {
          const next = Number(e.currentTarget.value)
          if (e.currentTarget.value.trim() !== '' && Number.isFinite(next)) onValue(next)
          else e.currentTarget.value = String(value)
        }}
      />
    </label>
  )
}
