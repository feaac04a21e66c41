/** Columns of text side by side: the first aligned left, the others right, two spaces between. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, j) => Math.max(length(name), ...rows.map((row) => length(row[j] ?? ''))))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, j) => (j === 0 ? pad(cell, widths[j] ?? 0, false) : pad(cell, widths[j] ?? 0, true)))
      .join('  ')
      .trimEnd()
  return [line(header), ...rows.map(line)]
}

export function tableWidth(header: readonly string[], rows: readonly (readonly string[])[]): number {
  return header.reduce(
    (sum, name, j) => sum + 2 + Math.max(length(name), ...rows.map((row) => length(row[j] ?? ''))),
    -2,
  )
}

function pad(text: string, width: number, left: boolean): string {
  const fill = ' '.repeat(Math.max(0, width - length(text)))
  return left ? fill + text : text + fill
}

function length(text: string): number {
  return [...text].length
}
