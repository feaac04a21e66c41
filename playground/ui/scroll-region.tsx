import type { ComponentChildren } from 'preact'

interface Props {
  readonly label: string
  readonly children: ComponentChildren
}

/** What may be wider than its place: it scrolls, by keys too. */
export function ScrollRegion({ label, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus keys could not scroll it
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
