/** What is wrong with the text, beneath it, with a button for each fix: for those who do not point at squiggles. */
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import { positionAt } from '../../lang/source.js'

/** More than these are not listed. */
const LISTED = 5

export interface ProblemList {
  show(diagnostics: readonly Diagnostic[], text: string): void
}

/** @param apply makes the edits of a diagnostic's fix */
export function createProblemList(frame: HTMLElement, apply: (d: Diagnostic) => void): ProblemList {
  const list = document.createElement('ul')
  list.className = 'estep-editor-problems'
  list.hidden = true
  list.setAttribute('aria-label', 'Problems')
  frame.append(list)
  return {
    show: (diagnostics, text) => {
      const shown = diagnostics.filter((d) => d.severity !== 'info').slice(0, LISTED)
      list.hidden = shown.length === 0
      list.replaceChildren(...shown.map((d) => item(d, text, apply)))
    },
  }
}

/** "Error, line 9: there is no distribution `Normall`" and a button for its fix. */
function item(d: Diagnostic, text: string, apply: (d: Diagnostic) => void): HTMLLIElement {
  const line = document.createElement('li')
  line.dataset.severity = d.severity
  const words = document.createElement('span')
  const help = d.help === undefined ? '' : ` — ${d.help}`
  const kind = d.severity === 'error' ? 'Error' : 'Warning'
  words.textContent = `${kind}, line ${positionAt(text, d.span.start).line}: ${d.message}${help}`
  line.append(words)
  if (d.fix !== undefined) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = `${d.fix.title.charAt(0).toUpperCase()}${d.fix.title.slice(1)}`.replaceAll('`', '')
    button.addEventListener('click', () => apply(d))
    line.append(' ', button)
  }
  return line
}
