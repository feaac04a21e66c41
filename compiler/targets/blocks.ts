import { KernelError } from '../kernel/kernel-error.js'

/** A list of statements under construction: a function's body, a loop's, or one branch of a conditional. */
export interface Block<E, S> {
  readonly kind: 'top' | 'loop' | 'branch'
  readonly statements: S[]
  /** Axis id and loop variable, of a loop. */
  readonly axis: string | null
  readonly variable: E | null
  /** Buffers written somewhere inside a loop: what reads them may not leave it. */
  readonly writes: ReadonlySet<string>
  /** Values made in this block, by key. */
  readonly memo: Map<string, { readonly value: E; readonly reads: ReadonlySet<string> }>
}

/** What decides how far out a value may be computed. */
export interface Motion {
  readonly free: ReadonlySet<string>
  readonly reads: ReadonlySet<string>
  readonly safe: boolean
}

/**
 * The open blocks, outermost first, of expressions E and statements S of some target language. A statement appended to
 * an outer block lands before the inner block that is being built, so a value is always made where it dominates its uses.
 */
export abstract class BlockStack<E, S> {
  #open: Block<E, S>[] = []

  /** Names a value in the current block, unless it is a name or a number already. */
  abstract bind(value: E): E

  get depth(): number {
    return this.#open.length - 1
  }

  get current(): Block<E, S> {
    const block = this.#open.at(-1)
    if (block === undefined) throw new KernelError('no block is open')
    return block
  }

  /** Runs `build` with a new block on top; returns what it made. */
  within<T>(
    kind: Block<E, S>['kind'],
    axis: string | null,
    variable: E | null,
    writes: ReadonlySet<string>,
    build: () => T,
  ): { readonly statements: readonly S[]; readonly value: T } {
    const block: Block<E, S> = { kind, statements: [], axis, variable, writes, memo: new Map() }
    this.#open.push(block)
    const value = build()
    this.#open.pop()
    return { statements: block.statements, value }
  }

  append(statement: S): void {
    this.current.statements.push(statement)
  }

  /** Loop variable of an axis in scope. */
  variable(axis: string): E {
    return this.#loopOf(axis).variable
  }

  /** Depth of the loop over an axis in scope. */
  depthOf(axis: string): number {
    return this.#loopOf(axis).depth
  }

  #loopOf(axis: string): { readonly variable: E; readonly depth: number } {
    for (let depth = this.#open.length - 1; depth >= 0; depth--) {
      const block = this.#open[depth]
      if (block?.axis === axis && block.variable !== null) return { variable: block.variable, depth }
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

  recall(key: string): E | null {
    for (const block of this.#open) {
      const known = block.memo.get(key)
      if (known !== undefined) return known.value
    }
    return null
  }

  remember(key: string, value: E, reads: ReadonlySet<string>): void {
    this.current.memo.set(key, { value, reads })
  }

  /** Forgets values that read a buffer which has just been written. */
  written(buffer: string): void {
    for (const block of this.#open) {
      for (const [key, { reads }] of block.memo) if (reads.has(buffer)) block.memo.delete(key)
    }
  }
}
