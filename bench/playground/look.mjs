/**
 * What is wrong with how a page looks, found in the page itself: text that is cut off or runs out of the page, labels of
 * one drawing that overlap, text whose contrast with what lies under it is below 4.5 (3 where it is large).
 * Runs inside the page: it may use nothing of this module.
 */
export function look() {
  const found = []
  const root = document.documentElement
  if (root.scrollWidth > window.innerWidth + 1)
    found.push(`the page is ${root.scrollWidth - window.innerWidth} px wider than the window`)

  const rgba = (text) => {
    const n = (text.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number)
    if (text.startsWith('color(srgb')) return [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1]
    if (!text.startsWith('rgb')) return null
    return [n[0], n[1], n[2], n[3] ?? 1]
  }
  const over = (top, under) => {
    const a = top[3]
    return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a)).concat(1)
  }
  const luminance = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => {
      const x = v / 255
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p)
    return (x + 0.05) / (y + 0.05)
  }
  const opacityOf = (e) => {
    let o = 1
    for (let x = e; x !== null; x = x.parentElement) o *= Number(getComputedStyle(x).opacity)
    return o
  }
  /** Where its own words stand: not what is in it beside them, such as the MathML of a formula, which nobody sees. */
  const boxOfText = (e) => {
    const range = document.createRange()
    const boxes = [...e.childNodes]
      .filter((n) => n.nodeType === 3 && n.nodeValue.trim() !== '')
      .map((n) => {
        range.selectNodeContents(n)
        return range.getBoundingClientRect()
      })
    const of = (side, choose) => choose(...boxes.map((b) => b[side]))
    const [left, right, top, bottom] = [
      of('left', Math.min),
      of('right', Math.max),
      of('top', Math.min),
      of('bottom', Math.max),
    ]
    return { left, right, top, bottom, width: right - left, height: bottom - top }
  }
  const isShown = (e) => {
    const r = e.getBoundingClientRect()
    return r.width > 1 && r.height > 1 && e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  }
  /** What lies under a point, from the page's background upwards, up to the element itself. */
  const under = (x, y, element) => {
    const stack = document.elementsFromPoint(x, y)
    if (!stack.some((e) => e === element || element.contains(e) || e.contains(element))) return null
    let colour = [255, 255, 255, 1]
    const dark =
      getComputedStyle(root).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches
    if (dark) colour = [18, 18, 18, 1]
    for (const e of stack.reverse()) {
      if (e === element && element instanceof SVGElement) break
      const s = getComputedStyle(e)
      const own = e instanceof SVGElement && e.tagName !== 'svg' ? rgba(s.fill) : rgba(s.backgroundColor)
      if (own === null || own[3] === 0 || (e instanceof SVGElement && e.tagName === 'text')) continue
      if (e instanceof SVGElement) own[3] *= Number(s.fillOpacity) * opacityOf(e)
      colour = over(own, colour)
    }
    return colour
  }
  const words = (e) => `"${(e.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 40)}"`

  // what lies behind a dialog is not to be read
  const scope = document.querySelector('dialog[open]') ?? document.body
  const texts = [...scope.querySelectorAll('*')].filter(
    (e) =>
      isShown(e) &&
      !['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT', 'TITLE'].includes(e.tagName) &&
      e.closest('.monaco-editor, .katex-mathml, [inert], .aside, .skip') === null &&
      [...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim() !== ''),
  )
  for (const e of texts) {
    const s = getComputedStyle(e)
    const box = boxOfText(e)
    if (box.width < 1) continue
    // cut off by itself or by what holds it
    for (let x = e; x !== null && x !== document.body; x = x.parentElement) {
      const sx = getComputedStyle(x)
      const hides = sx.overflowX === 'hidden' || sx.overflowX === 'clip'
      const own = x.getBoundingClientRect()
      if (hides && (box.right > own.right + 1.5 || box.left < own.left - 1.5)) {
        found.push(`cut off: ${words(e)}`)
        break
      }
      if (sx.overflowX === 'auto' || sx.overflowX === 'scroll') break
    }
    if (e instanceof SVGElement) {
      const svg = e.ownerSVGElement?.getBoundingClientRect()
      if (
        svg !== undefined &&
        (box.right > svg.right + 2 || box.left < svg.left - 2 || box.top < svg.top - 2 || box.bottom > svg.bottom + 2)
      )
        found.push(`runs out of its drawing: ${words(e)}`)
    }
    if (e.closest(':disabled, [aria-disabled="true"], .chart-stale, .is-stale') !== null) continue
    const colour = rgba(e instanceof SVGElement ? s.fill : s.color)
    const x = (Math.max(0, box.left) + Math.min(window.innerWidth, box.right)) / 2
    const y = (box.top + box.bottom) / 2
    const below = x < window.innerWidth && y < window.innerHeight && y > 0 ? under(x, y, e) : null
    if (colour === null || below === null) continue
    colour[3] *= opacityOf(e)
    const ratio = contrast(over(colour, below), below)
    const size = Number.parseFloat(s.fontSize)
    const large = size >= 24 || (size >= 18.6 && Number(s.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${words(e)}`)
  }
  // labels of one drawing
  for (const svg of scope.querySelectorAll('svg')) {
    const labels = [...svg.querySelectorAll('text')]
      .filter((t) => isShown(t))
      .map((t) => [t, t.getBoundingClientRect()])
    for (let i = 0; i < labels.length; i++)
      for (let j = i + 1; j < labels.length; j++) {
        const [a, b] = [labels[i][1], labels[j][1]]
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left)
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
        if (w > 2 && h > 4) found.push(`labels overlap: ${words(labels[i][0])} and ${words(labels[j][0])}`)
      }
    // a drawing with a name
    if (svg.getAttribute('role') === 'img' && (svg.getAttribute('aria-label') ?? '') === '')
      found.push('a drawing without a name')
  }
  return [...new Set(found)]
}
