/**
 * The text of `--columns x=a,b`: a data name, `=`, column names separated by commas. A column name with a comma, a space
 * or `=` stands in double quotes, with `""` for a quote in it.
 */
export interface ColumnsOption {
  readonly name: string
  readonly columns: readonly string[]
}

/** The option's value, or a sentence that says why it is not one. */
export function parseColumnsOption(text: string): ColumnsOption | string {
  const equals = text.indexOf('=')
  if (equals < 1) return `--columns takes name=column,column…, not \`${text}\``
  const name = text.slice(0, equals).trim()
  const columns: string[] = []
  let at = equals + 1
  while (at <= text.length) {
    const part = readName(text, at)
    if (typeof part === 'string') return part
    if (part.name === '') return `--columns ${name}=… has an empty column name`
    columns.push(part.name)
    if (part.end >= text.length) break
    if (text[part.end] !== ',') return `--columns: expected a comma after \`${part.name}\` in \`${text}\``
    at = part.end + 1
  }
  return { name, columns }
}

function readName(text: string, start: number): { readonly name: string; readonly end: number } | string {
  let at = start
  while (text[at] === ' ') at++
  if (text[at] !== '"') {
    const comma = text.indexOf(',', at)
    const end = comma === -1 ? text.length : comma
    return { name: text.slice(at, end).trim(), end }
  }
  let name = ''
  for (at++; at < text.length; at++) {
    if (text[at] !== '"') name += text[at]
    else if (text[at + 1] === '"') {
      name += '"'
      at++
    } else {
      at++
      while (text[at] === ' ') at++
      return { name, end: at }
    }
  }
  return `--columns: a double quote is not closed in \`${text}\``
}

/** The option as one pastes it into a shell. */
export function columnsLine(name: string, columns: readonly string[]): string {
  const listed = columns
    .map((column) => (/[,\s="]/.test(column) ? `"${column.replaceAll('"', '""')}"` : column))
    .join(',')
  const text = `${name}=${listed}`
  return `--columns ${/^[\w.,=:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`
}
