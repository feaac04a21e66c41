/** true for 0, 1, 2, … */
export function isCount(x: number): boolean {
  return Number.isInteger(x) && x >= 0
}
