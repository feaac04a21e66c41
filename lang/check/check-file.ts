/** From a syntax tree to the typed model: names, types, shapes, supports and roles, every error of the file at once. */
import type * as ast from '../ast/types.js'
import type { Diagnostic, Outcome } from '../diagnostics/types.js'
import type { DistributionSignature } from '../signature.js'
import type { Source, Span } from '../source.js'
import type { LatentSymbol, ModelSymbol, SymbolId, TypedModel } from '../typed/types.js'
import type { CheckContext, FnStatement, Problem } from './context.js'
import { checkCoverage } from './coverage.js'
import { checkDistribution } from './distributions.js'
import { checkExpression } from './expressions.js'
import { collectGlobals, reportTwice } from './globals.js'
import { checkDomain } from './loops.js'
import { checkGaps } from './plates.js'
import { rootScope } from './scope.js'
import { checkStatements, type StatementLog } from './statements.js'
import { checkUses } from './unused.js'

/** More complaints than this are not listed. */
const maxDiagnostics = 200

/** What is known of a file: the symbols that could be made out are there whatever is wrong. */
export interface CheckedFile extends Outcome<TypedModel> {
  readonly symbols: readonly ModelSymbol[]
}

/** Types a parsed file. `value` is there only when nothing is wrong; warnings are allowed. */
export function checkFile(
  file: ast.ModelFile,
  source: Source,
  distributions: readonly DistributionSignature[],
): CheckedFile {
  const diagnostics: Diagnostic[] = []
  const ctx = createContext(file, source, distributions, diagnostics)
  const log: StatementLog = { samples: [] }
  const globals = ctx.globals
  globals.resolveAll()
  const statements = checkStatements(ctx, file.statements, ctx.root, log)
  checkFunctionNames(ctx, file)
  for (const latent of ctx.latents.values()) checkGaps(ctx, latent)
  checkCoverage(ctx, log.samples)
  if (!diagnostics.some((d) => d.severity === 'error')) checkUses(ctx, statements)
  const all = dedupe(diagnostics)
  const errors = all.filter((d) => d.severity === 'error').slice(0, maxDiagnostics)
  const shown = new Set([...errors, ...all.filter((d) => d.severity !== 'error').slice(0, maxDiagnostics)])
  const sorted = all.filter((d) => shown.has(d))
  const symbols = symbolsInOrder(ctx)
  if (diagnostics.some((d) => d.severity === 'error')) return { diagnostics: sorted, symbols }
  const value: TypedModel = {
    name: file.name?.name ?? 'Model',
    source: { name: source.name, text: source.text },
    symbols,
    statements,
  }
  return { value, diagnostics: sorted, symbols }
}

function createContext(
  file: ast.ModelFile,
  source: Source,
  distributions: readonly DistributionSignature[],
  diagnostics: Diagnostic[],
): CheckContext & { readonly globals: ReturnType<typeof collectGlobals> } {
  const usedIds = new Map<string, number>()
  const openedLoops: { readonly id: SymbolId; readonly key: string }[] = []
  const calls: { readonly name: string; readonly span: Span }[] = []
  let sinks: Diagnostic[][] = [diagnostics]
  const functions = new Map<string, FnStatement>()
  for (const statement of file.statements)
    if (statement.kind === 'fn' && !functions.has(statement.name.name)) functions.set(statement.name.name, statement)
  const globals = collectGlobals(() => ctx, file)
  const ctx: CheckContext & { readonly globals: typeof globals } = {
    source,
    distributions: new Map(distributions.map((d) => [d.name, d])),
    functions,
    root: rootScope(),
    symbols: new Map(),
    consts: new Map(),
    ranges: new WeakMap(),
    sizeOver: new Map(),
    latents: new Map(),
    declaredSomewhere: namesSomewhere(file),
    globals,
    report: (problem) => sinks.at(-1)?.push(diagnosticOf(problem, calls)),
    quietly: (run) => {
      const sink: Diagnostic[] = []
      const opened = openedLoops.length
      sinks = [...sinks, sink]
      const value = run()
      sinks = sinks.slice(0, -1)
      // Loops that were opened in the trial leave nothing behind.
      for (const { id, key } of openedLoops.splice(opened)) {
        ctx.symbols.delete(id)
        usedIds.set(key, (usedIds.get(key) ?? 1) - 1)
      }
      return { value, failed: sink.some((d) => d.severity === 'error') }
    },
    spanOf: (span) => calls[0]?.span ?? span,
    inlining: (name, span, run) => {
      calls.push({ name, span })
      const value = run()
      calls.pop()
      return value
    },
    inlineBudget: { left: 50_000 },
    get inlineStack() {
      return calls.map((call) => call.name)
    },
    freshId: (kind, name) => {
      const key = `${kind}:${name}`
      const times = (usedIds.get(key) ?? 0) + 1
      usedIds.set(key, times)
      const id: SymbolId = kind === 'index' || times > 1 ? `${key}#${times}` : key
      if (kind === 'index') openedLoops.push({ id, key })
      return id
    },
    global: globals.find,
    globalNames: globals.names,
    expression: (e, scope) => checkExpression(ctx, e, scope),
    domain: (domain, scope) => checkDomain(ctx, domain, scope),
    distribution: (d, scope, expected) => checkDistribution(ctx, d, scope, expected),
  }
  return ctx
}

/** Within a function the complaint stands at the call, and points to the place in the body. */
function diagnosticOf(problem: Problem, calls: readonly { readonly name: string; readonly span: Span }[]): Diagnostic {
  const severity = problem.code.startsWith('W') ? 'warning' : 'error'
  const [outer] = calls
  if (outer === undefined) return { severity, ...problem }
  const related = [{ span: problem.span, message: `in the body of \`${outer.name}\`` }, ...(problem.related ?? [])]
  return { severity, ...problem, span: outer.span, related }
}

/** Latents and lets of the file, wherever they are declared. */
function namesSomewhere(file: ast.ModelFile): Map<string, Span> {
  const names = new Map<string, Span>()
  const add = (name: ast.Identifier): void => {
    if (!names.has(name.name)) names.set(name.name, name.span)
  }
  const walk = (statements: readonly ast.Statement[]): void => {
    for (const s of statements) {
      if (s.kind === 'declaration' && s.role === 'latent') for (const { name } of s.names) add(name)
      if (s.kind === 'let') add(s.name)
      if (s.kind === 'for') walk(s.body)
      if (s.kind === 'if') {
        walk(s.then)
        walk(s.otherwise ?? [])
      }
    }
  }
  walk(file.statements)
  return names
}

function checkFunctionNames(ctx: CheckContext, file: ast.ModelFile): void {
  const seen = new Map<string, Span>()
  for (const statement of file.statements) {
    if (statement.kind !== 'fn') continue
    const earlier = seen.get(statement.name.name)
    if (earlier !== undefined) reportTwice(ctx, statement.name, earlier)
    seen.set(statement.name.name, statement.name.span)
    const parameters = new Map<string, Span>()
    for (const parameter of statement.parameters) {
      const first = parameters.get(parameter.name)
      if (first !== undefined) reportTwice(ctx, parameter, first)
      parameters.set(parameter.name, parameter.span)
    }
  }
}

function symbolsInOrder(ctx: CheckContext): readonly ModelSymbol[] {
  const symbols: ModelSymbol[] = [...ctx.symbols.values()]
  for (const record of ctx.latents.values()) {
    const { id, name, span, value, plates, plateDims } = record
    if (value === null) continue
    const shift = plateDims.length
    const own = (dims: typeof plateDims): typeof plateDims =>
      dims.map((d) => ({ ...d, raggedBy: d.raggedBy === null ? null : d.raggedBy + shift }))
    const type = { ...value, batch: [...plateDims, ...own(value.batch)], core: own(value.core) }
    const latent: LatentSymbol = { kind: 'latent', id, name, span, type, plateRank: plateDims.length, plates }
    symbols.push(latent)
  }
  return symbols.sort((a, b) => a.span.start - b.span.start || rank(a.id) - rank(b.id))
}

/** A level set stands right after the data that it belongs to. */
function rank(id: SymbolId): number {
  return id.startsWith('size:levels(') ? 1 : 0
}

/** By place; the same complaint at the same place once. */
function dedupe(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>()
  return [...diagnostics]
    .sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end)
    .filter((d) => {
      const key = `${d.code}@${d.span.start}-${d.span.end}:${d.message}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
}
