/**
 * Which name stands where and what it means, from the syntax tree alone: it answers for texts that do not type-check. The
 * rules are those of the type checker (`lang/check/scope.ts`, `globals.ts`).
 */
import { sizeNames } from '../ast/size-names.js'
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'

export type DefinitionKind = 'const' | 'data' | 'param' | 'latent' | 'let' | 'function' | 'size' | 'index' | 'argument'

export interface Definition {
  readonly kind: DefinitionKind
  readonly name: string
  /** Of the name where it is declared first. */
  readonly span: Span
  /** Of the whole statement, or of the type that a size is met in. */
  readonly whole: Span
  /** Where it can be seen. */
  readonly visible: Span
  /** Of a declaration and a const, let or function: what stands in the file. */
  readonly statement: ast.Statement | null
  /** Of an index. */
  readonly domain: ast.DomainExpression | null
}

export interface Occurrence {
  readonly span: Span
  readonly definition: Definition
  readonly declares: boolean
}

/** A word that the language gives its meaning. */
export interface Word {
  readonly span: Span
  readonly name: string
  readonly kind: 'type' | 'distribution' | 'function' | 'argument-name' | 'unknown-name'
  /** Of the name of an argument: the distribution that it belongs to. */
  readonly of: string | null
}

export interface Names {
  readonly definitions: readonly Definition[]
  readonly occurrences: readonly Occurrence[]
  readonly words: readonly Word[]
  readonly modelName: ast.Identifier | null
}

interface Scope {
  readonly parent: Scope | null
  readonly names: Map<string, Definition>
  readonly visible: Span
}

export function namesOf(file: ast.ModelFile): Names {
  const finder = new Finder(file)
  finder.run()
  return finder
}

class Finder implements Names {
  readonly definitions: Definition[] = []
  readonly occurrences: Occurrence[] = []
  readonly words: Word[] = []
  readonly modelName: ast.Identifier | null
  private readonly functions = new Map<string, Definition>()
  private readonly root: Scope

  constructor(private readonly file: ast.ModelFile) {
    this.modelName = file.name
    this.root = { parent: null, names: new Map(), visible: { start: 0, end: Number.MAX_SAFE_INTEGER } }
  }

  run(): void {
    const { statements } = this.file
    for (const s of statements) {
      if (s.kind === 'const') this.declare('const', s.name, s, this.root)
      if (s.kind === 'declaration' && s.role !== 'latent')
        for (const { name } of s.names) this.declare(s.role, name, s, this.root)
      if (s.kind === 'fn') this.declareFunction(s)
    }
    for (const role of ['data', 'param'] as const)
      for (const s of statements) if (s.kind === 'declaration' && s.role === role && s.type !== null) this.sizes(s.type)
    this.block(statements, this.root)
    this.occurrences.sort((a, b) => a.span.start - b.span.start)
    this.words.sort((a, b) => a.span.start - b.span.start)
  }

  private define(definition: Definition, scope: Scope): void {
    const { name } = definition
    const earlier = scope.names.get(name)
    if (earlier === undefined) {
      scope.names.set(name, definition)
      this.definitions.push(definition)
    }
    this.occurrences.push({ span: definition.span, definition: earlier ?? definition, declares: true })
  }

  private declare(kind: DefinitionKind, name: ast.Identifier, statement: ast.Statement, scope: Scope): void {
    this.define(
      {
        kind,
        name: name.name,
        span: name.span,
        whole: statement.span,
        visible: scope.visible,
        statement,
        domain: null,
      },
      scope,
    )
  }

  private declareFunction(s: Extract<ast.Statement, { kind: 'fn' }>): void {
    const definition: Definition = {
      kind: 'function',
      name: s.name.name,
      span: s.name.span,
      whole: s.span,
      visible: this.root.visible,
      statement: s,
      domain: null,
    }
    if (!this.functions.has(s.name.name)) {
      this.functions.set(s.name.name, definition)
      this.definitions.push(definition)
    }
    this.occurrences.push({
      span: s.name.span,
      definition: this.functions.get(s.name.name) ?? definition,
      declares: true,
    })
  }

  /** Names in the dimensions of data and params that are nothing else. */
  private sizes(type: ast.TypeExpression): void {
    const add = (name: ast.Identifier): void => {
      if (this.root.names.has(name.name)) return
      const definition: Definition = {
        kind: 'size',
        name: name.name,
        span: name.span,
        whole: type.span,
        visible: this.root.visible,
        statement: null,
        domain: null,
      }
      this.root.names.set(name.name, definition)
      this.definitions.push(definition)
    }
    if (type.levelSet !== null) add(type.levelSet)
    for (const group of type.dims) for (const size of group) for (const name of sizeNames(size)) add(name)
  }

  private block(statements: readonly ast.Statement[], scope: Scope): void {
    for (const s of statements) this.statement(s, scope)
  }

  private statement(s: ast.Statement, scope: Scope): void {
    switch (s.kind) {
      case 'const':
        if (scope !== this.root) this.declare('const', s.name, s, scope)
        this.expression(s.value, scope)
        return
      case 'fn':
        this.functionBody(s, scope)
        return
      case 'declaration':
        this.declaration(s, scope)
        return
      case 'let':
        this.expression(s.value, scope)
        this.declare('let', s.name, s, scope)
        return
      case 'sample':
        this.expression(s.target, scope)
        this.distribution(s.distribution, scope)
        return
      case 'observe':
        if (s.fact.kind === 'condition') {
          this.expression(s.fact.condition, scope)
          return
        }
        this.expression(s.fact.left, scope)
        this.expression(s.fact.right, scope)
        return
      case 'for': {
        const inner = this.indexScope(s.index, s.domain, { start: s.index.span.start, end: s.block.end }, scope)
        if (s.weight !== null) this.expression(s.weight, inner)
        this.block(s.body, inner)
        this.exportNames(inner, scope)
        return
      }
      case 'if':
        this.expression(s.condition, scope)
        this.block(s.then, { parent: scope, names: new Map(), visible: s.thenBlock })
        if (s.otherwise !== null)
          this.block(s.otherwise, { parent: scope, names: new Map(), visible: s.otherwiseBlock ?? s.span })
    }
  }

  private functionBody(s: Extract<ast.Statement, { kind: 'fn' }>, scope: Scope): void {
    const inner: Scope = { parent: scope, names: new Map(), visible: s.span }
    for (const p of s.parameters) this.declare('argument', p, s, inner)
    this.expression(s.body, inner)
  }

  private declaration(s: Extract<ast.Statement, { kind: 'declaration' }>, scope: Scope): void {
    if (s.type !== null) this.type(s.type, scope)
    for (const { name, indices } of s.names) {
      for (const index of indices) this.expression(index, scope)
      if (s.role === 'latent') this.declareLatent(name, s, scope)
      else if (scope !== this.root) this.declare(s.role, name, s, scope)
    }
    if (s.distribution !== null) this.distribution(s.distribution, scope)
  }

  /** A latent may be declared in pieces: a name that is a latent already is the same one. */
  private declareLatent(name: ast.Identifier, s: ast.Statement, scope: Scope): void {
    const earlier = this.find(name.name, scope)
    if (earlier?.kind === 'latent') this.occurrences.push({ span: name.span, definition: earlier, declares: true })
    else {
      let outer = scope
      // what a loop declares can be seen outside of it
      while (outer.parent !== null && this.isLoop(outer)) outer = outer.parent
      this.define(
        {
          kind: 'latent',
          name: name.name,
          span: name.span,
          whole: s.span,
          visible: outer.visible,
          statement: s,
          domain: null,
        },
        scope,
      )
    }
  }

  private isLoop(scope: Scope): boolean {
    return [...scope.names.values()].some((d) => d.kind === 'index')
  }

  private exportNames(from: Scope, to: Scope): void {
    for (const [name, d] of from.names)
      if ((d.kind === 'latent' || d.kind === 'let') && !to.names.has(name)) to.names.set(name, d)
  }

  private indexScope(index: ast.Identifier, domain: ast.DomainExpression, visible: Span, parent: Scope): Scope {
    this.domain(domain, parent)
    const inner: Scope = { parent, names: new Map(), visible }
    this.define(
      { kind: 'index', name: index.name, span: index.span, whole: visible, visible, statement: null, domain },
      inner,
    )
    return inner
  }

  private domain(domain: ast.DomainExpression, scope: Scope): void {
    if (domain.kind === 'set') {
      this.expression(domain.set, scope)
      return
    }
    this.expression(domain.from, scope)
    this.expression(domain.to, scope)
  }

  private type(type: ast.TypeExpression, scope: Scope): void {
    this.words.push({ span: type.name.span, name: type.name.name, kind: 'type', of: null })
    if (type.levelSet !== null) this.name(type.levelSet, scope)
    for (const group of type.dims) for (const size of group) this.expression(size, scope)
    if (type.interval !== null) {
      this.expression(type.interval.low, scope)
      this.expression(type.interval.high, scope)
    }
  }

  private distribution(d: ast.DistributionExpression, scope: Scope): void {
    this.words.push({ span: d.name.span, name: d.name.name, kind: 'distribution', of: null })
    for (const [i, a] of d.arguments.entries()) {
      if (d.name.name === 'Censored' && i === 1 && a.kind === 'expression' && a.value.kind === 'name') {
        this.words.push({ span: a.value.span, name: a.value.name, kind: 'argument-name', of: d.name.name })
        continue
      }
      if (a.kind === 'family') {
        this.distribution(a.value, this.indexScope(a.index, a.domain, d.span, scope))
        continue
      }
      if (a.name !== null)
        this.words.push({ span: a.name.span, name: a.name.name, kind: 'argument-name', of: d.name.name })
      if (a.kind === 'distribution') this.distribution(a.value, scope)
      else this.expression(a.value, scope)
    }
  }

  private expression(e: ast.Expression, scope: Scope): void {
    switch (e.kind) {
      case 'name':
        this.name({ name: e.name, span: e.span }, scope)
        return
      case 'call': {
        const fn = this.functions.get(e.callee.name)
        if (fn !== undefined) this.occurrences.push({ span: e.callee.span, definition: fn, declares: false })
        else this.words.push({ span: e.callee.span, name: e.callee.name, kind: 'function', of: null })
        for (const a of e.arguments) this.expression(a, scope)
        return
      }
      case 'comprehension':
        this.expression(e.body, this.indexScope(e.index, e.domain, e.span, scope))
        return
      case 'subscript':
        this.expression(e.of, scope)
        for (const s of e.subscripts) {
          if (s.kind === 'at') this.expression(s.index, scope)
          if (s.kind === 'slice') for (const end of [s.from, s.to]) if (end !== null) this.expression(end, scope)
        }
        return
      case 'unary':
      case 'parenthesised':
        this.expression(e.of, scope)
        return
      case 'binary':
        this.expression(e.left, scope)
        this.expression(e.right, scope)
        return
      case 'conditional':
        this.expression(e.then, scope)
        this.expression(e.condition, scope)
        this.expression(e.otherwise, scope)
        return
      case 'vector':
        for (const x of e.elements) this.expression(x, scope)
    }
  }

  private name(name: ast.Identifier, scope: Scope): void {
    const definition = this.find(name.name, scope)
    if (definition === undefined) this.words.push({ span: name.span, name: name.name, kind: 'unknown-name', of: null })
    else
      this.occurrences.push({
        span: name.span,
        definition,
        declares: definition.kind === 'size' && definition.span.start === name.span.start,
      })
  }

  private find(name: string, scope: Scope): Definition | undefined {
    for (let at: Scope | null = scope; at !== null; at = at.parent) {
      const found = at.names.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }
}
