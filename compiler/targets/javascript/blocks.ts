import { KernelError } from '../../kernel/kernel-error.js'
import { isAtom, type JsExpr, type JsName, type JsStatement, jsName } from './js-ast.js'

/** A list of statements under construction: a function's body, a loop's, or one branch of a conditional. */
export interface Block {
  readonly kind: 'top' | 'loop' | 'branch'
  readonly statements: JsStatement[]
  /** Axis id and loop variable, of a loop. */
  readonly axis: string | null
  readonly variable: JsName | null
  /** Buffers written somewhere inside a loop: what reads them may not leave it. */
  readonly writes: ReadonlySet<string>
  /** Values made in this block, by key. */
  readonly memo: Map<string, { readonly value: JsExpr; readonly reads: ReadonlySet<string> }>
}

/** What decides how far out a value may be computed. */
export interface Motion {
  readonly free: ReadonlySet<string>
  readonly reads: ReadonlySet<string>
  readonly safe: boolean
}

/**
 * The open blocks, outermost first. A statement appended to an outer block lands before the inner block that is being
 * built, so a value is always made where it dominates its uses.
 */
export class BlockStack {
  #open: Block[] = []
  #names = 0

  fresh(letter: 'v' | 'a' | 'i'): JsName {
    this.#names += 1
    return `${letter}${this.#names}`
  }

  get depth(): number {
    return this.#open.length - 1
  }

  get current(): Block {
    const block = this.#open.at(-1)
    if (block === undefined) throw new KernelError('no block is open')
    return block
  }

  /** Runs `build` with a new block on top; returns what it made. */
  within<T>(
    kind: Block['kind'],
    axis: string | null,
    variable: JsName | null,
    writes: ReadonlySet<string>,
    build: () => T,
  ): { readonly statements: readonly JsStatement[]; readonly value: T } {
    const block: Block = { kind, statements: [], axis, variable, writes, memo: new Map() }
    this.#open.push(block)
    const value = build()
    this.#open.pop()
    return { statements: block.statements, value }
  }

  append(statement: JsStatement): void {
    this.current.statements.push(statement)
  }

  /** Loop variable of an axis in scope. */
  variable(axis: string): JsExpr {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const block = this.#open[i]
      if (block?.axis === axis && block.variable !== null) return jsName(block.variable)
    }
    throw new KernelError(`axis ${axis} is not in scope`)
  }

  /**
   * Depth of the outermost block where a value may be made. It leaves loops that neither bind what it reads nor write
   * it. It leaves a branch only together with a loop around it, and only when its loads are in range without the guard.
   */
  target(motion: Motion): number {
    let target = this.depth
    for (let i = this.depth; i > 0; i--) {
      const block = this.#open[i]
      if (block === undefined) break
      if (block.kind === 'branch') {
        if (!motion.safe) break
      } else {
        if (block.axis !== null && motion.free.has(block.axis)) break
        if ([...block.writes].some((id) => motion.reads.has(id))) break
        target = i - 1
      }
    }
    return target
  }

  /** Runs `build` as if the blocks deeper than `depth` were not there. */
  at<T>(depth: number, build: () => T): T {
    const all = this.#open
    this.#open = all.slice(0, depth + 1)
    const value = build()
    this.#open = all
    return value
  }

  recall(key: string): JsExpr | null {
    for (const block of this.#open) {
      const known = block.memo.get(key)
      if (known !== undefined) return known.value
    }
    return null
  }

  remember(key: string, value: JsExpr, reads: ReadonlySet<string>): void {
    this.current.memo.set(key, { value, reads })
  }

  /** Names a value in the current block, unless it is a name or a number already. */
  bind(value: JsExpr): JsExpr {
    if (isAtom(value)) return value
    const name = this.fresh('v')
    this.append({ js: 'const', name, value })
    return jsName(name)
  }

  /** Forgets values that read a buffer which has just been written. */
  written(buffer: string): void {
    for (const block of this.#open) {
      for (const [key, { reads }] of block.memo) if (reads.has(buffer)) block.memo.delete(key)
    }
  }
}
