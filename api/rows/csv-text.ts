/** Lines of cells as CSV; cells with commas, quotes or line ends stand in double quotes (RFC 4180). */
export const csvText = (lines: readonly (readonly string[])[]): string =>
  `${lines.map((cells) => cells.map(quoted).join(',')).join('\n')}\n`

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
