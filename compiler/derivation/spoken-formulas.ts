/** Formulas that stand in the words of the argument: the same for every model, typeset wherever formulas are. */
const SPOKEN: ReadonlyMap<string, string> = new Map([
  ['log p(x, z)', '\\log p(x, z)'],
  ['exp E[log p]', '\\exp \\mathrm{E}[\\log p]'],
  ['E[·]', '\\mathrm{E}[\\cdot]'],
  ['L D Lᵀ', 'L D L^\\top'],
  ['L Lᵀ', 'L L^\\top'],
  ['exp(−z²)', '\\exp(-z^2)'],
  ['−∞', '-\\infty'],
  ['û', '\\hat u'],
  ['z_q', 'z_q'],
  ['w_q', 'w_q'],
  ['×', '\\times'],
])

const ANY = new RegExp(`(${[...SPOKEN.keys()].map((s) => s.replaceAll(/[()[\]^$.*+?|\\]/g, '\\$&')).join('|')})`, 'u')

/** Words with the formulas among them taken out. */
export const spoken = (words: string): readonly Spoken[] =>
  words.split(ANY).flatMap((part): readonly Spoken[] => {
    const latex = SPOKEN.get(part)
    if (latex !== undefined) return [{ text: part, latex }]
    return part === '' ? [] : [part]
  })

type Spoken = string | { readonly text: string; readonly latex: string }
