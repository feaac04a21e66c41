/** Signs on buttons; their words stand beside them or in the label of the button. */
const PATHS = {
  play: 'M5 3.5v9l7.5-4.5z',
  stop: 'M4 4h8v8H4z',
  step: 'M3 3.5v9l6-4.5zM10.5 3.5h2v9h-2z',
  finish: 'M2 3.5v9l5-4.5zM7.5 3.5v9l5-4.5zM12.5 3.5H14v9h-1.5z',
  close: 'M4 4l8 8M12 4l-8 8',
} as const

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  const isLine = name === 'close'
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill={isLine ? 'none' : 'currentColor'}
        stroke={isLine ? 'currentColor' : 'none'}
        stroke-width="1.6"
        stroke-linecap="round"
      />
    </svg>
  )
}
