/**
 * The language service: questions about a text and their answers, as plain data, so that they can cross to a worker. A text
 * is read and typed once for all questions about it; its derivation is made when it is first asked for.
 */
import type { Diagnostic, Outcome } from '../../lang/diagnostics/types.js'
import { formatSource } from '../../lang/format/format.js'
import { type Analysis, analyse } from '../../lang/service/analyse.js'
import { complete } from '../../lang/service/completion.js'
import { hover, noRules } from '../../lang/service/hover.js'
import { definition, outline, references, rename, renameTarget } from '../../lang/service/navigation.js'
import { allowMissing, quickFixes } from '../../lang/service/quick-fixes.js'
import { semanticTokens } from '../../lang/service/semantic-tokens.js'
import { signatureHelp } from '../../lang/service/signature-help.js'
import type {
  Completion,
  Hover,
  InlayHint,
  OutlineEntry,
  QuickFix,
  Rename,
  SemanticToken,
  SignatureHelp,
  TextEdit,
} from '../../lang/service/types.js'
import type { Span } from '../../lang/source.js'
import type { TypedModel } from '../../lang/typed/types.js'
import { type Derivation, derive } from '../derive.js'
import { distributionByName, signatures } from '../distributions/index.js'
import { type EarlierHints, earlierHints, inlayHints, staleHints } from './inlay-hints.js'
import { type PlanWords, planWords, rulesOf } from './rules.js'

interface At {
  readonly text: string
  readonly offset: number
}

/** Each kind of question: what is given, and what comes back. */
export interface LanguageCalls {
  /** Of syntax and types: fast enough for every keystroke. */
  readonly diagnostics: { readonly ask: { readonly text: string }; readonly answer: readonly Diagnostic[] }
  /** With those of the derivation, which takes longer. */
  readonly allDiagnostics: { readonly ask: { readonly text: string }; readonly answer: readonly Diagnostic[] }
  readonly hover: { readonly ask: At; readonly answer: Hover | null }
  readonly complete: { readonly ask: At; readonly answer: readonly Completion[] }
  readonly signatureHelp: { readonly ask: At; readonly answer: SignatureHelp | null }
  readonly definition: { readonly ask: At; readonly answer: readonly Span[] }
  readonly references: { readonly ask: At & { readonly withDeclaration: boolean }; readonly answer: readonly Span[] }
  readonly renameTarget: { readonly ask: At; readonly answer: Span | null }
  readonly rename: { readonly ask: At & { readonly to: string }; readonly answer: Rename }
  /** The text in canonical layout; null where it has errors of syntax. */
  readonly format: { readonly ask: { readonly text: string }; readonly answer: string | null }
  readonly semanticTokens: { readonly ask: { readonly text: string }; readonly answer: readonly SemanticToken[] }
  /** Where the model has errors: those of the last text of this document that had none, marked as stale. */
  readonly inlayHints: {
    readonly ask: { readonly text: string; readonly document?: string }
    readonly answer: readonly InlayHint[]
  }
  readonly quickFixes: {
    readonly ask: { readonly text: string; readonly span: Span }
    readonly answer: readonly QuickFix[]
  }
  /** The edit that lets cells of this data be missing; null where they may be already. */
  readonly allowMissing: {
    readonly ask: { readonly text: string; readonly name: string }
    readonly answer: TextEdit | null
  }
  readonly outline: { readonly ask: { readonly text: string }; readonly answer: readonly OutlineEntry[] }
}

export type LanguageCall = keyof LanguageCalls
export type LanguageRequest<K extends LanguageCall = LanguageCall> = {
  [C in K]: { readonly kind: C } & LanguageCalls[C]['ask']
}[K]
export type LanguageAnswer<K extends LanguageCall> = LanguageCalls[K]['answer']

export interface LanguageService {
  /** Never throws on what a user can type. */
  answer<K extends LanguageCall>(request: LanguageRequest<K>): LanguageAnswer<K>
}

export interface LanguageServiceOptions {
  /** The name that diagnostics carry. */
  readonly name?: string
  /** Where the caller derives models itself: its derivation of this model, so that it is made once. */
  readonly derive?: (model: TypedModel) => Outcome<Derivation>
}

interface Known {
  readonly analysis: Analysis
  derived: { readonly diagnostics: readonly Diagnostic[]; readonly words: PlanWords | null } | null
}

/** Texts whose analysis is kept: the one at hand, and those that answers are still wanted for. */
const KEPT = 4
/** Documents whose last hints are kept. */
const DOCUMENTS = 64

export function createLanguageService(options: LanguageServiceOptions = {}): LanguageService {
  const kept = new Map<string, Known>()
  const earlier = new Map<string, EarlierHints>()
  const deriveModel = options.derive ?? ((model: TypedModel) => derive(model, distributionByName))
  const known = (text: string): Known => {
    const found = kept.get(text) ?? {
      analysis: analyse({ name: options.name ?? 'model.estep', text }, signatures),
      derived: null,
    }
    kept.delete(text)
    kept.set(text, found)
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return found
  }
  const derived = (k: Known): NonNullable<Known['derived']> => {
    if (k.derived !== null) return k.derived
    const { model } = k.analysis
    const outcome = model === null ? { diagnostics: [] } : deriveModel(model)
    k.derived = {
      diagnostics: outcome.diagnostics,
      words: outcome.value === undefined ? null : planWords(outcome.value),
    }
    return k.derived
  }
  const answers: { readonly [K in LanguageCall]: (ask: LanguageCalls[K]['ask'], k: Known) => LanguageAnswer<K> } = {
    diagnostics: (_, k) => k.analysis.diagnostics,
    allDiagnostics: (_, k) => [...k.analysis.diagnostics, ...derived(k).diagnostics],
    hover: ({ offset }, k) => {
      const { words } = derived(k)
      return hover(k.analysis, offset, words === null ? noRules : rulesOf(words))
    },
    complete: ({ offset }, k) => complete(k.analysis, offset),
    signatureHelp: ({ offset }, k) => signatureHelp(k.analysis, offset),
    definition: ({ offset }, k) => definition(k.analysis, offset),
    references: ({ offset, withDeclaration }, k) => references(k.analysis, offset, withDeclaration),
    renameTarget: ({ offset }, k) => renameTarget(k.analysis, offset),
    rename: ({ offset, to }, k) => rename(k.analysis, offset, to),
    format: (_, k) => formatSource(k.analysis.source).value ?? null,
    semanticTokens: (_, k) => semanticTokens(k.analysis),
    inlayHints: ({ document = '' }, k) => {
      const { words } = derived(k)
      const before = earlier.get(document)
      if (words === null) return before === undefined ? [] : staleHints(k.analysis, before)
      earlier.delete(document)
      earlier.set(document, earlierHints(k.analysis, words))
      const [oldest] = earlier.keys()
      if (earlier.size > DOCUMENTS && oldest !== undefined) earlier.delete(oldest)
      return inlayHints(k.analysis, words)
    },
    quickFixes: ({ span }, k) =>
      quickFixes(k.analysis, [...k.analysis.diagnostics, ...(k.derived?.diagnostics ?? [])], span),
    allowMissing: ({ name }, k) => allowMissing(k.analysis, name),
    outline: (_, k) => outline(k.analysis),
  }
  return {
    answer: <K extends LanguageCall>(request: LanguageRequest<K>): LanguageAnswer<K> => {
      const respond = answers[request.kind as K]
      return respond(request as LanguageCalls[K]['ask'], known(request.text))
    },
  }
}
