import type { DataDeclaration, DeclaredDim } from '../../runtime/data/types.js'

/**
 * The `data` lines of a model as declarations, read by a few patterns: enough to test binding without a type checker.
 * `consts` gives the numbers of names that stand in dimensions.
 */
export function declare(model: string, consts: Readonly<Record<string, number>> = {}): DataDeclaration[] {
  const lines = model.split('\n').map((line) => line.replace(/#.*/, '').trim())
  return lines.filter((line) => line.startsWith('data ')).flatMap((line) => declareLine(line.slice(5), consts))
}

function declareLine(line: string, consts: Readonly<Record<string, number>>): DataDeclaration[] {
  const match = /^([\w\s,]+?)\s*:\s*(\w+)(?:\((\w+)\))?(?:\s+in\s+\(([^,]+),([^)]+)\))?(\?)?\s*((?:\[.*\])*)$/.exec(
    line,
  )
  if (match === null) throw new Error(`not a data declaration: ${line}`)
  const [, names = '', type = '', set, low, high, optional, brackets = ''] = match
  const groups = [...brackets.matchAll(/\[([^\]]*)\]/g)].map((group) =>
    (group[1] ?? '').split(',').map((dim) => dim.trim()),
  )
  const dims = groups.flatMap((group, i) => group.map((text, j) => dimension(text, i === 1 && j === 0, consts)))
  return names.split(',').map((name) => ({
    name: name.trim(),
    element: type === 'bool' || type === 'category' || type === 'count' || type === 'int' ? type : 'real',
    ...bounds(type, low, high),
    type,
    optional: optional === '?',
    dims,
    levels: type === 'category' ? { name: set ?? name.trim(), perColumn: set === undefined && dims.length > 1 } : null,
    allowInfinite: false,
    indexesLatentsOnly: false,
  }))
}

function bounds(
  type: string,
  low: string | undefined,
  high: string | undefined,
): Pick<DataDeclaration, 'low' | 'lowStrict' | 'high' | 'highStrict'> {
  if (low !== undefined && high !== undefined)
    return { low: Number(low), lowStrict: false, high: Number(high), highStrict: false }
  if (type === 'positive') return { low: 0, lowStrict: true, high: Number.POSITIVE_INFINITY, highStrict: false }
  if (type === 'count' || type === 'nonnegative')
    return { low: 0, lowStrict: false, high: Number.POSITIVE_INFINITY, highStrict: false }
  if (type === 'unit' || type === 'simplex') return { low: 0, lowStrict: false, high: 1, highStrict: false }
  return { low: Number.NEGATIVE_INFINITY, lowStrict: false, high: Number.POSITIVE_INFINITY, highStrict: false }
}

function dimension(text: string, ragged: boolean, consts: Readonly<Record<string, number>>): DeclaredDim {
  const levels = /^levels\((\w+)\)$/.exec(text)?.[1]
  if (levels !== undefined) return { kind: 'levels', of: levels }
  if (ragged) return { kind: 'length', name: text }
  const value = /^\d+$/.test(text) ? Number(text) : consts[text]
  if (value !== undefined) return { kind: 'expression', text, evaluate: () => value }
  return { kind: 'size', name: text }
}
