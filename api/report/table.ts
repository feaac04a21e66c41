import { type Child, type Html, h } from './html.js'

export interface Table {
  readonly caption: Child
  /** What a reader who does not see it is told of its scroll region. */
  readonly name: string
  readonly head: readonly Child[]
  /** The first cell of each row is its header. */
  readonly rows: readonly (readonly Child[])[]
  /** Rows that there are beyond these. */
  readonly more?: number
}

/** A table with its caption, in a region that scrolls by itself where it is too wide. */
export function table({ caption, name, head, rows, more = 0 }: Table): Html {
  const left = more === 0 ? '' : ` ${more.toLocaleString('en')} more ${more === 1 ? 'row is' : 'rows are'} in the fit.`
  return h(
    'div',
    { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': name },
    h(
      'table',
      {},
      h('caption', {}, caption, left),
      h('thead', {}, h('tr', {}, ...head.map((cell) => h('th', { scope: 'col' }, cell)))),
      h(
        'tbody',
        {},
        ...rows.map(([first = '', ...cells]) =>
          h('tr', {}, h('th', { scope: 'row' }, first), ...cells.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
  )
}
