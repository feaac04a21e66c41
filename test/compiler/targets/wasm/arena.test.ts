import { describe, expect, it } from 'vitest'
import { Arena } from '../../../../compiler/targets/wasm/arena.js'
import { engineFeatures } from '../../../../compiler/targets/wasm/engine-features.js'

const numbers = (length: number, scale: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.sin(scale * (i + 1)) * 10 ** (i % 7))

describe.each([false, ...(engineFeatures().shared ? [true] : [])])('numbers in an arena, shared: %s', (shared) => {
  it.each([0, 1, 2, 3, 8, 101])('are added up, %d of them, and no others', (length) => {
    const arena = new Arena(1 << 16, shared)
    const [a, b] = [numbers(length, 0.3), numbers(length, 0.7)]
    const wide = arena.floats(length + 2).fill(7)
    const total = wide.subarray(1, length + 1)
    total.set(a)
    const part = arena.copy(b)
    arena.add(total, part)
    expect([...wide]).toEqual([7, ...a.map((x, i) => x + (b[i] ?? 0)), 7])
    expect([...part]).toEqual([...b])
  })

  it('are added to others, and others to them', () => {
    const arena = new Arena(1 << 16, shared)
    const [a, b] = [numbers(5, 0.3), numbers(5, 0.7)]
    const sum = [...a.map((x, i) => x + (b[i] ?? 0))]
    const inside = arena.copy(a)
    const outside = b.slice()
    arena.add(outside, inside)
    expect([...outside]).toEqual(sum)
    arena.add(inside, b)
    expect([...inside]).toEqual(sum)
  })
})
