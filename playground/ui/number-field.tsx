interface FieldProps {
  readonly label: string
  readonly says?: string
  readonly value: number
  readonly least?: number
  readonly most?: number
  readonly onValue: (value: number) => void
}

/** A whole number from `least` to `most`; what is none is taken back. */
export function Whole({ label, says, value, least = 0, most = Number.MAX_SAFE_INTEGER, onValue }: FieldProps) {
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
          if (e.currentTarget.value.trim() !== '' && Number.isSafeInteger(next) && next >= least && next <= most)
            onValue(next)
          else e.currentTarget.value = String(value)
        }}
      />
    </label>
  )
}

/** A number from `least` to `most`; what is none is taken back. */
export function Decimal({
  label,
  says,
  value,
  least = -Number.MAX_VALUE,
  most = Number.MAX_VALUE,
  onValue,
}: FieldProps) {
  return (
    <label title={says}>
      {label}
      <input
        type="number"
        step="any"
        value={value}
        onChange={(e) => {
          const next = Number(e.currentTarget.value)
          if (e.currentTarget.value.trim() !== '' && next >= least && next <= most) onValue(next)
          else e.currentTarget.value = String(value)
        }}
      />
    </label>
  )
}
