/** What may be written at a place: names in scope, distributions and their arguments, types, functions, words. */
import { builtinNames, builtinUsage } from '../check/functions.js'
import { describeArray, describeValue } from '../check/value-types.js'
import type { DistributionSignature } from '../signature.js'
import { type Analysis, symbolOf, visibleAt } from './analyse.js'
import { type Cursor, cursorAt } from './cursor.js'
import { argumentType, code, distributionWords } from './hover.js'
import type { Definition } from './names.js'
import type { Completion, CompletionKind } from './types.js'
import { functionWords, keywordWords, snippetOf, specialWords, typeWords } from './words.js'

const statementStarts = ['const', 'data', 'param', 'latent', 'let', 'observe', 'fn', 'for', 'if']

export function complete(a: Analysis, offset: number): readonly Completion[] {
  const cursor = cursorAt(a, offset)
  const found = itemsAt(a, offset, cursor)
  const seen = new Set<string>()
  return found.filter((c) => {
    const key = `${c.kind === 'argument' ? 'argument' : ''} ${c.label}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function itemsAt(a: Analysis, offset: number, cursor: Cursor): readonly Completion[] {
  const { place, call } = cursor
  switch (place.kind) {
    case 'nothing':
      return []
    case 'type':
      return typeItems(cursor)
    case 'distribution':
      return distributionItems(a, cursor)
    case 'word':
      return place.words.map((w) => keywordItem(w, cursor, false))
    case 'statement': {
      const hasModel = a.file.name !== null
      const words = hasModel ? statementStarts : ['model', ...statementStarts]
      const targets = visibleAt(a, offset).filter((d) => d.kind === 'data' || d.kind === 'latent' || d.kind === 'param')
      return [...words.map((w) => keywordItem(w, cursor, true)), ...targets.map((d) => nameItem(a, d, cursor))]
    }
    case 'expression': {
      const names = visibleAt(a, offset).map((d) => nameItem(a, d, cursor))
      if (place.domain) return [...names.filter((n) => domainKinds.has(n.kind)), functionItem('levels', cursor)]
      const functions = builtinNames.map((n) => functionItem(n, cursor))
      const inner = call?.direct === true && specialWords.has(call.name) ? distributionItems(a, cursor) : []
      const how = call?.direct === true && call.name === 'Censored' && call.place === 1 ? censoredItems(cursor) : []
      return [...argumentItems(a, cursor), ...how, ...names, ...inner, ...functions, keywordItem('not', cursor, false)]
    }
  }
}

const domainKinds = new Set<CompletionKind>(['const', 'size', 'data', 'index'])

interface Texts {
  readonly detail: string
  readonly documentation: string
  readonly insert: string
  readonly snippet?: boolean
}

function item(label: string, kind: CompletionKind, rank: number, cursor: Cursor, texts: Texts): Completion {
  return { label, kind, snippet: false, span: cursor.replace, order: `${rank}${label.toLowerCase()}`, ...texts }
}

function keywordItem(word: string, cursor: Cursor, start: boolean): Completion {
  const known = keywordWords.get(word)
  const snippet = start ? (known?.snippet ?? null) : null
  return item(word, 'keyword', start ? 2 : 5, cursor, {
    detail: 'word of the language',
    documentation: known?.text ?? '',
    insert: snippet === null ? word : snippetOf(snippet),
    snippet: snippet !== null,
  })
}

function typeItems(cursor: Cursor): readonly Completion[] {
  return [...typeWords].map(([name, { text, snippet }], i) => ({
    ...item(name, 'type', 1, cursor, {
      detail: 'type',
      documentation: text,
      insert: snippetOf(snippet),
      snippet: snippet.includes('«'),
    }),
    order: `1${String(i).padStart(2, '0')}`,
  }))
}

/** A distribution as often as it has parametrisations. */
function distributionItems(a: Analysis, cursor: Cursor): readonly Completion[] {
  const plain = [...a.distributions.values()].flatMap((s) => s.parametrisations.map((_, i) => callItem(s, i, cursor)))
  const special = [...specialWords].map(([name, { text, snippet }]) =>
    item(name, 'distribution', 3, cursor, {
      detail: 'made from other distributions',
      documentation: text,
      insert: snippetOf(snippet),
      snippet: true,
    }),
  )
  return [...plain, ...special]
}

function callItem(s: DistributionSignature, place: number, cursor: Cursor): Completion {
  const args = s.parametrisations[place]?.arguments ?? []
  const first = s.parametrisations[0]?.arguments ?? []
  const named = (name: string, i: number): boolean => place > 0 && first[i]?.name !== name
  const shown = args.map((x, i) => (named(x.name, i) ? `${x.name}=` : x.name)).join(', ')
  const insert = args.map((x, i) => `${named(x.name, i) ? `${x.name}=` : ''}\${${i + 1}:${x.name}}`).join(', ')
  return {
    ...item(`${s.name}(${shown})`, 'distribution', 2, cursor, {
      detail: s.value.discrete ? 'discrete' : (['continuous', 'vector', 'matrix'][s.value.rank] ?? ''),
      documentation: distributionWords(s).join('\n\n'),
      insert: `${s.name}(${insert})`,
      snippet: true,
    }),
    order: `2${s.name.toLowerCase()}${place}`,
  }
}

/** Arguments of the open call that have no value yet: of parametrisations that agree with those that have. */
function argumentItems(a: Analysis, cursor: Cursor): readonly Completion[] {
  const { call } = cursor
  if (call === null || !call.direct || call.argument !== null) return []
  const bounds = call.name === 'Truncated' && call.place > 0 ? ['low', 'high'] : []
  if (bounds.length > 0 || call.name === 'Custom')
    return (call.name === 'Custom' ? ['logpdf'] : bounds)
      .filter((n) => !call.named.includes(n))
      .map((n) => argumentItem(n, 'an argument', cursor))
  const signature = a.distributions.get(call.name)
  if (signature === undefined) return []
  const positional = Math.max(0, call.place - call.named.length)
  const fitting = signature.parametrisations.filter((p) =>
    call.named.every((n) => p.arguments.some((x) => x.name === n)),
  )
  return fitting
    .flatMap((p) => p.arguments.slice(positional))
    .filter((x) => !call.named.includes(x.name))
    .map((x) => argumentItem(x.name, argumentType(x.support, x.rank), cursor))
}

const argumentItem = (name: string, detail: string, cursor: Cursor): Completion =>
  item(`${name}=`, 'argument', 0, cursor, { detail, documentation: '', insert: `${name}=` })

const censoredItems = (cursor: Cursor): readonly Completion[] =>
  [
    ['above', 'above', 'The value lies above the one that was recorded.'],
    ['below', 'below', 'The value lies below the one that was recorded.'],
    ['between', 'between(«low», «high»)', 'The value lies between two numbers.'],
  ].map(([label = '', insert = '', documentation = '']) =>
    item(label, 'argument', 0, cursor, {
      detail: 'where the value lies',
      documentation,
      insert: snippetOf(insert),
      snippet: insert !== label,
    }),
  )

function functionItem(name: string, cursor: Cursor): Completion {
  const usage = builtinUsage(name) ?? name
  return item(name, 'function', 4, cursor, {
    detail: usage,
    documentation: functionWords.get(name) ?? '',
    insert: `${name}($0)`,
    snippet: true,
  })
}

function nameItem(a: Analysis, d: Definition, cursor: Cursor): Completion {
  const symbol = symbolOf(a, d)
  const type =
    symbol === undefined
      ? ''
      : 'type' in symbol
        ? ` : ${describeArray(symbol.type)}`
        : symbol.kind === 'const' || symbol.kind === 'let'
          ? ` : ${describeValue(symbol.value.type)}`
          : ''
  const kind: CompletionKind = d.kind === 'argument' ? 'index' : d.kind
  const isCall = d.kind === 'function'
  return item(d.name, kind, 1, cursor, {
    detail: `${d.kind}${type}`,
    documentation: isCall ? code(`fn ${d.name}`) : '',
    insert: isCall ? `${d.name}($0)` : d.name,
    snippet: isCall,
  })
}
