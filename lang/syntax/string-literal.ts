/** Text in double quotes; `\"`, `\\`, `\n` and `\t` are escapes, any other backslash is itself. */

const escapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
  ['t', '\t'],
])

/** The value of a string token; the closing quote may be missing. */
export function readString(image: string): string {
  const closed = image.length > 1 && image.endsWith('"')
  const body = image.slice(1, closed ? -1 : undefined)
  return body.replace(/\\(.)/g, (whole, character: string) => escapes.get(character) ?? whole)
}

/** The token that reads as `value`. */
export function writeString(value: string): string {
  const body = value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n').replace(/\t/g, '\\t')
  return `"${body}"`
}
