import { KernelError } from '../kernel/kernel-error.js'

/**
 * A list of statements under construction: a function's body, a loop's, one step of a loop that is written out (`once`: its
 * statements follow those around it), or one branch of a conditional.
 */
export interface Block<E, S> {
  readonly kind: 'top' | 'loop' | 'once' | 'branch'
  readonly statements: S[]
  /** Axis id and loop variable, of a loop. */
  readonly axis: string | null
  readonly variable: E | null
  /** Buffers written somewhere inside a loop: what reads them may not leave it. */
  readonly writes: ReadonlySet<string>
  /** Values made in this block, by key. */
  readonly memo: Map<string, { readonly value: E; readonly reads: ReadonlySet<string> }>
  /** Elements whose values have been made or read in this block and are still there. */
  readonly held: Map<string, Held<E>>
}

/** An element of a buffer that lies in memory as `value` is. */
interface Held<E> extends Element {
  readonly value: E
  at: number
}

/** Where an element lies: `bytes` of them from `base` + `offset` on. Two names of bases may mean the same address. */
export interface Element {
  readonly buffer: string
  readonly base: string
  readonly offset: number
  readonly bytes: number
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
  /** Accesses after which a value that has not been read again is not worth its register. */
  worthHolding = 32
  #open: Block<E, S>[] = []
  #accesses = 0

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
    const block: Block<E, S> = { kind, statements: [], axis, variable, writes, memo: new Map(), held: new Map() }
    this.#open.push(block)
    const value = build()
    this.#open.pop()
    if (kind === 'once') for (const [key, held] of block.held) this.#open.at(-1)?.held.set(key, held)
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
        if (haveCommon(block.writes, motion.reads)) break
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

  /** The value of an element that was stored or read a little while ago and has not been written since; else null. */
  held(element: Element): E | null {
    const key = this.#keyOf(element)
    for (let depth = this.#open.length - 1; depth >= 0; depth--) {
      const block = this.#open[depth]
      const known = block?.held.get(key)
      if (known !== undefined) {
        if (this.#accesses - known.at > this.worthHolding) return null
        known.at = ++this.#accesses
        return known.value
      }
      // a loop comes back to its beginning with what it has written
      if (block?.kind === 'loop' && block.writes.has(element.buffer)) return null
    }
    return null
  }

  /** From here on an element is `value`, a name or a number. */
  hold(element: Element, value: E): void {
    this.current.held.set(this.#keyOf(element), { ...element, value, at: ++this.#accesses })
  }

  /** Elements that a store may change are not known any more: null for all of a buffer. */
  release(buffer: string, element: Element | null): void {
    const isApart = (one: Held<E>): boolean =>
      element !== null &&
      one.base === element.base &&
      (one.offset + one.bytes <= element.offset || element.offset + element.bytes <= one.offset)
    for (const block of this.#open)
      for (const [key, one] of block.held) if (one.buffer === buffer && !isApart(one)) block.held.delete(key)
  }

  #keyOf({ buffer, base, offset, bytes }: Element): string {
    return `${bytes} ${offset} ${base} ${buffer}`
  }

  recall(key: string): E | null {
    for (let depth = this.#open.length - 1; depth >= 0; depth--) {
      const known = this.#open[depth]?.memo.get(key)
      if (known !== undefined) return this.#isAcross(depth, known.reads) ? null : known.value
    }
    return null
  }

  /** A loop inside the block at `depth` writes one of these: it comes back to its beginning with what it has written. */
  #isAcross(depth: number, buffers: ReadonlySet<string>): boolean {
    for (let i = depth + 1; i < this.#open.length; i++) {
      const block = this.#open[i]
      if (block?.kind === 'loop' && haveCommon(block.writes, buffers)) return true
    }
    return false
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

function haveCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const id of a) if (b.has(id)) return true
  return false
}
