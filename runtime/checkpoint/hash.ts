/**
 * MurmurHash3, 32 bits (Appleby 2011), twice with different seeds: 64 bits that tell mistakes, not forgeries.
 */
const SEEDS = [0x1b873593, 0x2545f491] as const

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

const mixed = (word: number): number => Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)

export class Hash {
  private a: number
  private b: number
  private length = 0

  constructor(seeds: readonly [number, number] = SEEDS) {
    const [a, b] = seeds
    this.a = a
    this.b = b
  }

  words(words: Int32Array): this {
    let { a, b } = this
    for (let i = 0; i < words.length; i++) {
      const k = mixed(words[i] ?? 0)
      a = (Math.imul(rotate(a ^ k, 13), 5) + 0xe6546b64) | 0
      b = (Math.imul(rotate(b ^ k, 13), 5) + 0xe6546b64) | 0
    }
    this.a = a
    this.b = b
    this.length += 4 * words.length
    return this
  }

  /** Bits of numbers; −0 and 0 differ. */
  numbers(values: Float64Array | Int32Array): this {
    const { buffer, byteOffset, byteLength } = values
    return this.words(new Int32Array(buffer, byteOffset, byteLength / 4))
  }

  /** Each character (UTF-16) is a word. */
  text(text: string): this {
    return this.words(Int32Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)))
  }

  hex(): string {
    return [this.a, this.b].map((h) => (finished(h ^ this.length) >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

function finished(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

export const hashOfText = (text: string): string => new Hash().text(text).hex()
