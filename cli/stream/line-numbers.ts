/** Stretches that are kept: beyond them the line of a row is not known exactly. */
const MOST = 10_000

/** The line on which each row begins, kept where it is not the line after that of the row before. */
export class LineNumbers {
  private readonly rows: number[] = []
  private readonly shifts: number[] = []

  add(row: number, line: number): void {
    if (this.shifts.at(-1) === line - row || this.rows.length >= MOST) return
    this.rows.push(row)
    this.shifts.push(line - row)
  }

  of(row: number): number {
    let low = 0
    let high = this.rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.rows[middle] ?? 0) <= row) low = middle + 1
      else high = middle
    }
    return row + (this.shifts[low - 1] ?? 1)
  }
}
