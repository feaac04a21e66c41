/** Elements as text. Whatever comes in as a string becomes text: markup is made by `h` alone. */

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
])

/** Characters that steer the direction of text become visible, and those that HTML forbids. */
export const escaped = (text: string): string =>
  text
    .replace(/[&<>"]/g, (c) => ENTITIES.get(c) ?? c)
    .replace(/(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')

export class Html {
  constructor(readonly text: string) {}
}

export type Child = Html | string | number | null | readonly Child[]
export type Attributes = Readonly<Record<string, string | number | true | null>>

const VOID: ReadonlySet<string> = new Set(['meta', 'br', 'col', 'hr'])

export function h(tag: string, attributes: Attributes, ...children: readonly Child[]): Html {
  const own = Object.entries(attributes)
    .map(([name, value]) =>
      value === null ? '' : value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`,
    )
    .join('')
  const open = `<${tag}${own}>`
  return new Html(VOID.has(tag) ? open : `${open}${textOf(children)}</${tag}>`)
}

export function textOf(child: Child): string {
  if (child === null) return ''
  if (child instanceof Html) return child.text
  return typeof child === 'object' ? child.map(textOf).join('') : escaped(String(child))
}

/** Markup of ours that was made elsewhere: never of a user. */
export const made = (markup: string): Html => new Html(markup)
