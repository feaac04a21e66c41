export const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The exponent e of the best power law y = c·xᵉ, by least squares of the logarithms. */
export function exponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)])
  const mean = (i) => logs.reduce((s, p) => s + p[i], 0) / logs.length
  const [mx, my] = [mean(0), mean(1)]
  const along = logs.reduce((s, [x, y]) => s + (x - mx) * (y - my), 0)
  return along / logs.reduce((s, [x]) => s + (x - mx) ** 2, 0)
}

/** 8.1×, 43×: two digits, or all before the point. */
export function ratio(value) {
  if (value === null || !Number.isFinite(value)) return '–'
  return `${value >= 10 ? Math.round(value) : value >= 1 ? value.toFixed(1) : value.toFixed(2)}×`
}
