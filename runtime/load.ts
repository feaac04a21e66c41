import { numberFromJson, objectEntries } from './json.js'
import { type FitResult, FORMAT } from './result.js'

export type Loaded =
  | { readonly ok: true; readonly result: FitResult }
  /** One sentence on what is wrong with the document. */
  | { readonly ok: false; readonly problem: string }

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isCount: Check = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isJsonNumber: Check = (value) => numberFromJson(value) !== undefined
const isObject: Check = (value) => objectEntries(value) !== undefined
const isList =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isNested: Check = (value) => (Array.isArray(value) ? value.every(isNested) : isJsonNumber(value))
const isRecordOf =
  (check: Check): Check =>
  (value) => {
    const entries = objectEntries(value)
    return entries !== undefined && [...entries.values()].every(check)
  }
const hasFields =
  (fields: ReadonlyMap<string, Check>): Check =>
  (value) => {
    const entries = objectEntries(value)
    return entries !== undefined && [...fields].every(([name, check]) => check(entries.get(name)))
  }

const STOPS = ['tolerance', 'max-iterations', 'max-time', 'aborted', 'direct', 'numerical', 'completed']
const isStop: Check = (value) => typeof value === 'string' && STOPS.includes(value)

const isStart = hasFields(
  new Map([
    ['seed', isNumber],
    ['objective', isJsonNumber],
    ['degenerate', isFlag],
  ]),
)
const isWarning = hasFields(
  new Map([
    ['code', isText],
    ['message', isText],
  ]),
)
const isBoundary = hasFields(
  new Map([
    ['param', isText],
    ['index', isList(isCount)],
    ['value', isJsonNumber],
  ]),
)
const isIterate = hasFields(
  new Map<string, Check>([
    ['iteration', isCount],
    ['objective', isJsonNumber],
    ['logLikelihood', isJsonNumber],
    ['elboAfterE', isJsonNumber],
    ['elboAfterM', isJsonNumber],
    ['gap', isJsonNumber],
    ['params', isRecordOf(isNested)],
    ['expected', isRecordOf(isJsonNumber)],
  ]),
)

const isLayout = hasFields(
  new Map<string, Check>([
    ['name', isText],
    ['shape', isList(isCount)],
    ['labels', isList((labels) => labels === null || isList(isText)(labels))],
    [
      'components',
      isList(
        hasFields(
          new Map([
            ['latent', isText],
            ['dimension', isCount],
          ]),
        ),
      ),
    ],
  ]),
)
/** What a fit keeps to bind new data as the old was bound. */
const isKept = hasFields(
  new Map<string, Check>([
    ['set', isObject],
    ['sizes', isRecordOf(isNumber)],
    ['levels', isRecordOf(isList(isList(isText)))],
    ['reductions', isRecordOf(isList(isJsonNumber))],
    ['layout', isList(isLayout)],
  ]),
)

/** Fields that a fit file must have, and what they hold. */
const FIELDS: ReadonlyMap<string, { readonly check: Check; readonly what: string }> = new Map([
  ['model', { check: isText, what: 'a text' }],
  ['estepVersion', { check: isText, what: 'a text' }],
  ['seed', { check: isNumber, what: 'a number' }],
  ['sizes', { check: isRecordOf(isNumber), what: 'an object of numbers' }],
  ['logLikelihood', { check: isJsonNumber, what: 'a number' }],
  ['objective', { check: isJsonNumber, what: 'a number' }],
  ['bound', { check: isText, what: 'a text' }],
  ['parameters', { check: isCount, what: 'a count' }],
  ['parametersNominal', { check: isCount, what: 'a count' }],
  ['observations', { check: isNumber, what: 'a number' }],
  ['bic', { check: isJsonNumber, what: 'a number' }],
  ['aic', { check: isJsonNumber, what: 'a number' }],
  ['converged', { check: isFlag, what: 'true or false' }],
  ['stop', { check: isStop, what: `one of ${STOPS.join(', ')}` }],
  ['iterations', { check: isCount, what: 'a count' }],
  ['trace', { check: isList(isJsonNumber), what: 'an array of numbers' }],
  ['starts', { check: isList(isStart), what: 'an array of starts' }],
  ['params', { check: isRecordOf(isNested), what: 'an object of nested arrays of numbers' }],
  ['derived', { check: isObject, what: 'an object' }],
  ['boundary', { check: isList(isBoundary), what: 'an array of boundary entries' }],
  ['columns', { check: isRecordOf(isList(isText)), what: 'an object of arrays of texts' }],
  ['levels', { check: isObject, what: 'an object' }],
  ['warnings', { check: isList(isWarning), what: 'an array of warnings' }],
])

/**
 * Reads a fit back from parsed JSON. Fields that are not known are kept.
 *
 * @param document what `JSON.parse` gave
 */
export function loadFit(document: unknown): Loaded {
  const entries = objectEntries(document)
  if (entries === undefined) return { ok: false, problem: 'not a fit: the document is no JSON object' }
  const format = entries.get('format')
  if (format === undefined) return { ok: false, problem: 'not a fit: the field `format` is missing' }
  if (format !== FORMAT) {
    const newer = typeof format === 'number' && format > FORMAT ? '; a newer version of estep wrote it' : ''
    return {
      ok: false,
      problem: `a fit of format ${JSON.stringify(format)}, and format ${FORMAT} is read here${newer}`,
    }
  }
  for (const [name, { check, what }] of FIELDS) {
    if (!entries.has(name)) return { ok: false, problem: `not a fit: the field \`${name}\` is missing` }
    if (!check(entries.get(name))) return { ok: false, problem: `not a fit: the field \`${name}\` must be ${what}` }
  }
  const kept = entries.get('fit')
  if (kept !== undefined && !isKept(kept)) {
    return { ok: false, problem: 'not a fit: the field `fit` must hold what the fit kept of its data' }
  }
  const iterates = entries.get('iterates')
  if (iterates !== undefined && !isList(isIterate)(iterates)) {
    return { ok: false, problem: 'not a fit: the field `iterates` must be an array of iterates' }
  }
  return { ok: true, result: document as FitResult }
}

/** The same from text. */
export function loadFitText(text: string): Loaded {
  try {
    return loadFit(JSON.parse(text))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, problem: `not JSON: ${reason}` }
  }
}
