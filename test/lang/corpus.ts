/** The model files that tests of the language run over. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Source } from '../../lang/source.js'

function modelsIn(folder: string): readonly Source[] {
  const path = fileURLToPath(new URL(folder, import.meta.url))
  return readdirSync(path)
    .filter((name) => name.endsWith('.estep'))
    .sort()
    .map((name) => ({ name, text: readFileSync(`${path}/${name}`, 'utf8') }))
}

/** The models of the language page, and one that has every construct. */
export const languageModels = modelsIn('models')

/** The models of the reference cases. */
export const referenceModels = modelsIn('../conformance/models')

export const allModels = [...languageModels, ...referenceModels]

/** A tree without places and parentheses, for comparison. */
export function bare(tree: unknown, keepParentheses = true): unknown {
  if (Array.isArray(tree)) return tree.map((part) => bare(part, keepParentheses))
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree)
  if (!keepParentheses && 'kind' in tree && tree.kind === 'parenthesised' && 'of' in tree) return bare(tree.of, false)
  const places = ['span', 'block', 'thenBlock', 'otherwiseBlock', 'comments', 'ownLine']
  return Object.fromEntries(
    entries.filter(([key]) => !places.includes(key)).map(([k, v]) => [k, bare(v, keepParentheses)]),
  )
}
