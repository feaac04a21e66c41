/** Long formulas of TeX on several lines: broken before a relation or a sign that stands in no brackets. */

/** Lines of at most about `width` characters where there are places to break. */
export function brokenLatex(latex: string, width: number): readonly string[] {
  if (latexWidth(latex) <= width) return [latex]
  const places = breakPlaces(latex)
  const fitting = places.filter((at) => at > 0 && latexWidth(latex.slice(0, at)) <= width)
  const at = fitting.at(-1) ?? places.find((p) => p > 0)
  if (at === undefined) return [latex]
  return [latex.slice(0, at).trimEnd(), ...brokenLatex(`\\quad ${latex.slice(at).trimStart()}`, width)]
}

/** Before `= `, `+ `, `- `, `\geq` and `\leq` with nothing open around them, but not right after the beginning. */
function breakPlaces(latex: string): readonly number[] {
  return outerPlaces(latex).filter(
    (i) =>
      latex[i - 1] === ' ' &&
      /^(?:[=+-] |\\[gl]eq |\\;\\[gl]eq)/.test(latex.slice(i, i + 8)) &&
      !/^(?:\\quad )?$/.test(latex.slice(0, i)) &&
      !(latex[i] === '=' && latexWidth(latex.slice(0, i)) < SHORT),
  )
}

/** A left side that is shorter keeps what it is equal to beside it. */
const SHORT = 12

/** Positions with no bracket, group or environment open around them. */
export function outerPlaces(latex: string): readonly number[] {
  const places: number[] = []
  let depth = 0
  for (let i = 0; i < latex.length; i++) {
    if (depth === 0) places.push(i)
    const ch = latex[i] ?? ''
    if ('{(['.includes(ch) || /^\\(?:left|begin)(?![a-z])/.test(latex.slice(i, i + 7))) depth++
    else if ('})]'.includes(ch) || /^\\(?:right|end)(?![a-z])/.test(latex.slice(i, i + 7))) depth--
  }
  return places
}

/** About how many characters wide it is set: fractions count their wider half, scripts less than a whole character. */
export function latexWidth(latex: string): number {
  const [width] = measure(latex, 0)
  return width
}

function measure(latex: string, from: number): readonly [width: number, end: number] {
  let width = 0
  let i = from
  const group = (): number => {
    while (latex[i] === ' ') i++
    if (latex[i] !== '{') {
      const command = /^\\[A-Za-z]+|^./u.exec(latex.slice(i))
      i += command?.[0].length ?? 1
      return 1
    }
    const [inner, end] = measure(latex, i + 1)
    i = end
    return inner
  }
  while (i < latex.length) {
    const ch = latex[i] ?? ''
    if (ch === '}') return [width, i + 1]
    if (ch === '{') width += group()
    else if (ch === '^' || ch === '_') {
      i++
      width += 0.7 * group()
    } else if (ch === '\\') {
      const command = /^\\(?:[A-Za-z]+\*?|.)/.exec(latex.slice(i))?.[0] ?? '\\'
      i += command.length
      width +=
        command === '\\frac' ? Math.max(group(), group()) : command === '\\tfrac' ? 0.7 : (WIDTHS.get(command) ?? 1)
    } else {
      i++
      width += ch === ' ' ? 0.25 : '+-='.includes(ch) ? 1.8 : 1
    }
  }
  return [width, i]
}

/** Commands that are not about one character wide; what they hold is counted on its own. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['\\left', 0],
  ['\\right', 0],
  ['\\mathrm', 0],
  ['\\text', 0],
  ['\\operatorname', 0],
  ['\\operatorname*', 0],
  ['\\sqrt', 1],
  ['\\hat', 0],
  ['\\,', 0.3],
  ['\\;', 0.5],
  ['\\quad', 2],
  ['\\log', 3],
  ['\\exp', 3],
  ['\\det', 3],
  ['\\sum', 2],
  ['\\prod', 2],
  ['\\leq', 1.8],
  ['\\geq', 1.8],
])
