// Draws the two channels against one another, and the picture, both coloured by class or by label, as SVG.
// Usage: node plot.mjs DATA.csv [--labels FILE] [--fit FIT.json] [--iteration T] [--title TEXT] > picture.svg
//   --labels     a table of `estep predict --hard`, or a matrix of 0 and 1; a black frame marks pixels of another class
//   --fit        means as crosses, covariances as the ellipses of 2 standard deviations
//   --iteration  the params of that iteration of a trace in place of the result's
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const text = { type: 'string' }
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { labels: text, fit: text, iteration: text, title: text },
})
const [header, ...lines] = readFileSync(positionals[0], 'utf8').trim().split('\n')
const names = header.split(',')
const pixels = lines.map((line) => {
  const cells = line.split(',')
  const cell = (name) => cells[names.indexOf(name)]
  return {
    row: Number(cell('row')),
    col: Number(cell('col')),
    t1: Number(cell('t1')),
    t2: Number(cell('t2')),
    class: cell('class'),
  }
})
const classes = [...new Set(pixels.map((p) => p.class))].sort()
const groups = options.labels === undefined ? pixels.map((p) => p.class) : labelsOf(options.labels)
const groupNames = [...new Set(groups)].sort()
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00']
const colour = (group) => COLOURS[groupNames.indexOf(group) % COLOURS.length]

function labelsOf(file) {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  if (rows[0][0] === 'row') return rows.slice(1).map((row) => row[rows[0].indexOf('z')])
  return rows[0].map((_, n) => String(rows.findIndex((row) => row[n] === '1') + 1))
}

/** The class that each label stands for: the most frequent one of its pixels. */
const meaning = new Map(
  groupNames.map((group) => {
    const count = (c) => pixels.filter((p, n) => groups[n] === group && p.class === c).length
    return [group, classes.reduce((best, c) => (count(c) > count(best) ? c : best), classes[0])]
  }),
)
const wrong = (n) => options.labels !== undefined && meaning.get(groups[n]) !== pixels[n].class

// -- scatter: t1 to the right, t2 upwards, both from -25 to 225
const SIDE = 400
const LEFT = 46
const TOP = 34
const LOW = -25
const END = 225
const x = (v) => round(LEFT + ((v - LOW) / (END - LOW)) * SIDE)
const y = (v) => round(TOP + SIDE - ((v - LOW) / (END - LOW)) * SIDE)
const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const round = (v) => Math.round(v * 10) / 10
const out = []
const line = (d, stroke, more = '') => out.push(`<path d="${d}" fill="none" stroke="${stroke}"${more}/>`)
for (let v = 0; v <= 200; v += 50) {
  line(`M${x(v)} ${y(LOW)}V${y(END)}M${x(LOW)} ${y(v)}H${x(END)}`, '#e5e5e5')
  out.push(`<text x="${x(v)}" y="${y(LOW) + 16}" text-anchor="middle">${v}</text>`)
  out.push(`<text x="${x(LOW) - 6}" y="${y(v) + 4}" text-anchor="end">${v}</text>`)
}
out.push(`<text x="${x(100)}" y="${y(LOW) + 32}" text-anchor="middle">t1</text>`)
out.push(`<text x="${LEFT - 24}" y="${y(125) + 4}" text-anchor="middle">t2</text>`)
for (const group of groupNames) {
  const own = pixels.filter((_, n) => groups[n] === group)
  const both = own.filter((p) => !Number.isNaN(p.t1) && !Number.isNaN(p.t2))
  line(
    both.map((p) => `M${x(p.t1)} ${y(p.t2)}h0`).join(''),
    colour(group),
    ' stroke-width="4.5" stroke-linecap="round" opacity="0.75"',
  )
  // a pixel of which one channel is missing stands on the axis of the other
  const t1 = own.filter((p) => Number.isNaN(p.t2)).map((p) => `M${x(p.t1)} ${y(LOW)}v-7`)
  const t2 = own.filter((p) => Number.isNaN(p.t1)).map((p) => `M${x(LOW)} ${y(p.t2)}h7`)
  if (t1.length + t2.length > 0) line([...t1, ...t2].join(''), colour(group))
}
line(`M${x(LOW)} ${y(END)}V${y(LOW)}H${x(END)}`, '#333')

if (options.fit !== undefined) {
  const fit = JSON.parse(readFileSync(options.fit, 'utf8'))
  const at = fit.iterates?.find((row) => row.iteration === Number(options.iteration))
  const { mu, Sigma } = at?.params ?? fit.params
  mu.forEach(([a, b], k) => {
    if (Sigma !== undefined) {
      const [[p, q], [, r]] = Sigma[k]
      const middle = (p + r) / 2
      const half = Math.hypot((p - r) / 2, q)
      const angle = (-Math.atan2(2 * q, p - r) * 90) / Math.PI
      const radius = (v) => round((2 * Math.sqrt(v) * SIDE) / (END - LOW))
      out.push(
        `<ellipse cx="${x(a)}" cy="${y(b)}" rx="${radius(middle + half)}" ry="${radius(middle - half)}" transform="rotate(${round(angle)} ${x(a)} ${y(b)})" fill="none" stroke="#000" stroke-width="1.5"/>`,
      )
    }
    line(`M${x(a) - 6} ${y(b) - 6}l12 12m0 -12l-12 12`, '#fff', ' stroke-width="5"')
    line(`M${x(a) - 6} ${y(b) - 6}l12 12m0 -12l-12 12`, '#000', ' stroke-width="2"')
  })
}

// -- picture
const CELL = 13
const rows = Math.max(...pixels.map((p) => p.row))
const cols = Math.max(...pixels.map((p) => p.col))
const left = LEFT + SIDE + 34
const square = (p) => `M${left + (p.col - 1) * CELL} ${TOP + (p.row - 1) * CELL}h${CELL}v${CELL}h-${CELL}z`
for (const group of groupNames)
  out.push(
    `<path d="${pixels
      .filter((_, n) => groups[n] === group)
      .map(square)
      .join('')}" fill="${colour(group)}"/>`,
  )
const frames = pixels
  .filter((_, n) => wrong(n))
  .map(
    (p) =>
      `M${left + (p.col - 1) * CELL + 1.5} ${TOP + (p.row - 1) * CELL + 1.5}h${CELL - 3}v${CELL - 3}h-${CELL - 3}z`,
  )
if (frames.length > 0) line(frames.join(''), '#000', ' stroke-width="2"')
groupNames.forEach((group, i) => {
  const top = TOP + rows * CELL + 22 + i * 20
  const name = options.labels === undefined ? group : `${group}: ${meaning.get(group)}`
  const count = groups.filter((g) => g === group).length
  out.push(`<rect x="${left}" y="${top - 10}" width="12" height="12" fill="${colour(group)}"/>`)
  out.push(`<text x="${left + 20}" y="${top}">${escaped(name)}, ${count} pixels</text>`)
})
if (options.labels !== undefined)
  out.push(
    `<text x="${left}" y="${TOP + rows * CELL + 22 + groupNames.length * 20}">black frame: of another class (${frames.length} pixels)</text>`,
  )
const width = left + cols * CELL + 16
const height = Math.max(TOP + SIDE + 44, TOP + rows * CELL + 40 + groupNames.length * 20)
console.log(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(options.title ?? positionals[0])}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${escaped(options.title ?? positionals[0])}</text>`,
    ...out,
    '</svg>',
  ].join('\n'),
)
