/** One WebAssembly memory that arrays of JavaScript and generated code share. */
import { type AddNumbers, addNumbersIn } from './add-numbers.js'
import { aligned } from './place.js'

const PAGE = 65536
/** What 32-bit addresses reach. */
const MOST_PAGES = 65536

export class Arena {
  readonly memory: WebAssembly.Memory
  readonly shared: boolean
  /** A memory that has grown goes by several objects. */
  readonly #buffers = new WeakSet<object>()
  #end = 64
  #addNumbers: AddNumbers | null = null

  /** `shared`: threads can see it, and it grows without moving; where that is not to be had, it is as long as is said. */
  constructor(bytes: number, shared: boolean) {
    this.shared = shared
    const initial = Math.min(MOST_PAGES, Math.ceil((bytes + 64) / PAGE))
    this.memory = new WebAssembly.Memory(
      shared ? { initial, maximum: MOST_PAGES, shared } : { initial, maximum: MOST_PAGES },
    )
  }

  /** Address of so many bytes, aligned to 64; null where they do not fit. */
  reserve(bytes: number): number | null {
    const at = Math.ceil(this.#end / 64) * 64
    const end = aligned(at + bytes)
    if (end > MOST_PAGES * PAGE) return null
    const missing = end - this.memory.buffer.byteLength
    if (missing > 0) {
      // memory that is not shared would move, and arrays over it would be empty
      if (!this.shared) return null
      this.memory.grow(Math.ceil(missing / PAGE))
    }
    this.#end = end
    this.#buffers.add(this.memory.buffer)
    return at
  }

  /** An array of zeros in the memory, or outside it where it does not fit. */
  floats(length: number): Float64Array {
    const at = this.reserve(8 * length)
    return at === null ? new Float64Array(length) : new Float64Array(this.memory.buffer, at, length)
  }

  integers(length: number): Int32Array {
    const at = this.reserve(4 * length)
    return at === null ? new Int32Array(length) : new Int32Array(this.memory.buffer, at, length)
  }

  /** A copy of an array in the memory. */
  copy<A extends Float64Array | Int32Array>(array: A): A {
    if (this.addressOf(array) !== null) return array
    const own = array instanceof Float64Array ? this.floats(array.length) : this.integers(array.length)
    own.set(array)
    return own as A
  }

  /** Where an array lies; null where it is no part of the memory. */
  addressOf(array: Float64Array | Int32Array): number | null {
    return this.#buffers.has(array.buffer) ? array.byteOffset : null
  }

  /** Adds `part` to `total`, element by element. */
  add(total: Float64Array, part: Float64Array): void {
    const [to, from] = [this.addressOf(total), this.addressOf(part)]
    if (to === null || from === null) {
      for (let i = 0; i < part.length; i++) total[i] = (total[i] ?? 0) + (part[i] ?? 0)
      return
    }
    this.#addNumbers ??= addNumbersIn(this.memory, this.shared)
    this.#addNumbers(to, from, part.length)
  }
}
