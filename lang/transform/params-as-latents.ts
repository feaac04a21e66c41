/** Params with priors as latents: the model that variational Bayes fits (Bishop 2006, section 10.2). */
import type {
  DistributionExpression,
  DomainExpression,
  Expression,
  Identifier,
  ModelFile,
  Statement,
  TypeExpression,
} from '../ast/types.js'
import type { DistributionSignature } from '../signature.js'
import type { Span } from '../source.js'

type Signatures = ReadonlyMap<string, Pick<DistributionSignature, 'value'>>
type Declaration = Extract<Statement, { readonly kind: 'declaration' }>

export interface ParamPrior {
  readonly name: string
  /** Why it cannot be written as a latent; null where it can. */
  readonly obstacle: string | null
  /** Other params that its prior reads. */
  readonly reads: ReadonlySet<string>
}

/** Types whose elements depend on each other. */
const TIED = new Set(['simplex', 'ordered', 'covariance', 'correlation'])

/** Types of square matrices. */
const MATRICES = new Set(['covariance', 'correlation'])

/** Params that have a prior, in order of declaration. */
export function paramsWithPriors(file: ModelFile, text: string, signatures: Signatures): readonly ParamPrior[] {
  const types = paramTypes(file.statements)
  const priors = priorsIn(file.statements, new Set(types.keys()))
  return [...types].flatMap(([name, type]): readonly ParamPrior[] => {
    const own = priors.filter((p) => p.name === name).map((p) => p.distribution)
    if (own.length === 0) return []
    const reads = own.flatMap(({ span }) => wordsOf(text.slice(span.start, span.end))).filter((w) => types.has(w))
    const obstacle = own.map((d) => obstacleTo(type, d.name.name, signatures)).find((why) => why !== null) ?? null
    return [{ name, obstacle, reads: new Set(reads) }]
  })
}

/**
 * The model with some params declared as latents in loops over their indices: `param mu : real[K] ~ Normal(0, 9)` becomes
 * `for k in 1..K { latent mu[k] ~ Normal(0, 9) }`.
 *
 * @param text of the file: names of loop variables are none of its words
 */
export function paramsAsLatents(
  file: ModelFile,
  text: string,
  names: ReadonlySet<string>,
  signatures: Signatures,
): ModelFile {
  return { ...file, statements: new Rewriting(file, text, names, signatures).all(file.statements) }
}

function paramTypes(statements: readonly Statement[]): ReadonlyMap<string, TypeExpression> {
  return new Map(
    statements.flatMap((s) =>
      s.kind === 'declaration' && s.role === 'param' && s.type !== null
        ? s.names.map((n): [string, TypeExpression] => [n.name.name, s.type as TypeExpression])
        : [],
    ),
  )
}

interface Prior {
  readonly name: string
  readonly distribution: DistributionExpression
}

const wordsOf = (text: string): readonly string[] => text.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []

/** Every statement that gives a param a density, those in loops and branches included. */
function priorsIn(statements: readonly Statement[], params: ReadonlySet<string>): readonly Prior[] {
  return statements.flatMap((s): readonly Prior[] => {
    switch (s.kind) {
      case 'declaration': {
        const { distribution } = s
        if (s.role !== 'param' || distribution === null) return []
        return s.names.map((n) => ({ name: n.name.name, distribution }))
      }
      case 'sample': {
        const name = targetName(s.target)
        return name === null || !params.has(name) ? [] : [{ name, distribution: s.distribution }]
      }
      case 'for':
        return priorsIn(s.body, params)
      case 'if':
        return priorsIn([...s.then, ...(s.otherwise ?? [])], params)
      default:
        return []
    }
  })
}

function targetName(target: Expression): string | null {
  if (target.kind === 'name') return target.name
  return target.kind === 'subscript' && target.of.kind === 'name' ? target.of.name : null
}

function obstacleTo(type: TypeExpression, distribution: string, signatures: Signatures): string | null {
  const value = signatures.get(distribution)?.value
  if (value === undefined) return `its prior \`${distribution}\` is not a plain distribution`
  if (type.interval !== null) return 'its type is an interval'
  if (value.rank === 0 && TIED.has(type.name.name)) return `its elements are tied by its type \`${type.name.name}\``
  if (value.support !== type.name.name)
    return `its type is \`${type.name.name}\`, and \`${distribution}\` is a density on \`${value.support}\``
  if (type.dims.length > 1) return 'it is ragged'
  return null
}

class Rewriting {
  private readonly types: ReadonlyMap<string, TypeExpression>
  private readonly words: Set<string>

  constructor(
    file: ModelFile,
    text: string,
    private readonly names: ReadonlySet<string>,
    private readonly signatures: Signatures,
  ) {
    this.types = paramTypes(file.statements)
    this.words = new Set(wordsOf(text))
  }

  all(statements: readonly Statement[]): readonly Statement[] {
    return statements.flatMap((s) => this.one(s))
  }

  private one(s: Statement): readonly Statement[] {
    switch (s.kind) {
      case 'declaration':
        return s.role === 'param' ? this.declared(s) : [s]
      case 'sample': {
        const name = targetName(s.target)
        const type = name === null ? undefined : this.types.get(name)
        if (name === null || type === undefined || !this.names.has(name)) return [s]
        const written = s.target.kind === 'subscript' ? s.target.subscripts : []
        const indices = written.flatMap((x) => (x.kind === 'at' ? [x.index] : []))
        return [this.latent({ name, span: s.span }, type, s.distribution, indices, s.span)]
      }
      case 'for':
        return [{ ...s, body: this.all(s.body) }]
      case 'if':
        return [{ ...s, then: this.all(s.then), otherwise: s.otherwise === null ? null : this.all(s.otherwise) }]
      default:
        return [s]
    }
  }

  private declared(s: Declaration): readonly Statement[] {
    const moved = s.names.filter((n) => this.names.has(n.name.name))
    if (moved.length === 0) return [s]
    const kept = s.names.filter((n) => !moved.includes(n))
    const { distribution, type } = s
    return [
      ...(kept.length === 0 ? [] : [{ ...s, names: kept }]),
      // without a density here, it is a latent where its statement stands
      ...(distribution === null || type === null
        ? []
        : moved.map((n) => this.latent(n.name, type, distribution, [], s.span))),
    ]
  }

  /** A latent in loops over the indices that are not written. */
  private latent(
    name: Identifier,
    type: TypeExpression,
    distribution: NonNullable<Declaration['distribution']>,
    written: readonly Expression[],
    /** Of the statement that it comes from. */
    span: Span,
  ): Statement {
    const rank = this.signatures.get(distribution.name.name)?.value.rank ?? 0
    const dims = type.dims[0] ?? []
    // a square matrix is declared by its one extent
    const plates = dims.length - (MATRICES.has(type.name.name) ? 1 : rank)
    const own = dims.slice(plates)
    const loops = dims.slice(written.length, plates).map((dim) => this.loop(dim))
    const indices = [...written, ...loops.map((l): Expression => ({ kind: 'name', name: l.index.name, span }))]
    const declaration: Statement = {
      kind: 'declaration',
      span,
      role: 'latent',
      names: [{ name, indices }],
      type: rank === 0 ? null : { ...type, dims: [own] },
      distribution,
    }
    return loops.reduceRight<Statement>(
      (body, { index, domain }) => ({ kind: 'for', span, index, domain, weight: null, body: [body], block: span }),
      declaration,
    )
  }

  private loop(dim: Expression): { readonly index: Identifier; readonly domain: DomainExpression } {
    const { span } = dim
    const isSet = dim.kind === 'call' && dim.callee.name === 'levels'
    const domain: DomainExpression = isSet
      ? { kind: 'set', span, set: dim }
      : { kind: 'range', span, from: { kind: 'number', value: 1, text: '1', span }, to: dim }
    return { index: { name: this.fresh(dim), span: span as Span }, domain }
  }

  /** `k` for K, or with a number behind it where that is taken. */
  private fresh(dim: Expression): string {
    const letter = dim.kind === 'name' ? dim.name.slice(0, 1).toLowerCase() : 'i'
    for (let n = 1; ; n++) {
      const name = n === 1 ? letter : `${letter}${n}`
      if (this.words.has(name)) continue
      this.words.add(name)
      return name
    }
  }
}
