/** What laws of distributions expect, with messages that say where it fails. */
import { expect } from 'vitest'
import type { NumericArgument } from '../../../compiler/distributions/types.js'
import { type Anchors, kebab, readAnchors } from './anchors.js'
import type { Arguments } from './numeric-density.js'

const STANDARD_ERRORS = 5

export function anchorsOf(name: string): Anchors {
  const anchors = readAnchors(name)
  if (anchors === null)
    throw new Error(
      `no published values for ${name}: add it to test/laws/anchors/generate.py, which writes ${kebab(name)}.json`,
    )
  return anchors
}

export function expectClose(found: number, wanted: number, tolerance: number, what: () => string): void {
  if (found === wanted) return
  const error = Math.abs(found - wanted) / Math.max(1, Math.abs(wanted))
  if (!(error <= tolerance)) expect.fail(`${what()}: ${found} where ${wanted} is published (error ${error})`)
}

/** The mean of the numbers is as expected, within five standard errors. */
export function expectMean(
  numbers: readonly number[],
  wanted: number,
  what: string,
  sd = standardDeviation(numbers),
): void {
  const error = Math.abs(mean(numbers) - wanted)
  const bound = (STANDARD_ERRORS * sd) / Math.sqrt(numbers.length) + 1e-7 * Math.max(1e-3, Math.abs(wanted))
  if (!(error <= bound)) expect.fail(`${what}: mean ${mean(numbers)} where ${wanted} is expected, bound ${bound}`)
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0) / numbers.length
}

function standardDeviation(numbers: readonly number[]): number {
  const centre = mean(numbers)
  return Math.sqrt(numbers.reduce((total, x) => total + (x - centre) ** 2, 0) / (numbers.length - 1))
}

export function describeCase(args: Arguments, value?: NumericArgument): string {
  const text = JSON.stringify(Object.fromEntries(args))
  return value === undefined ? text : `${text} at ${JSON.stringify(value)}`
}

const printed = new Set<string>()

/** Says, once, that a law cannot be tried, and why. */
export function skipped(name: string, law: string, reason: string): void {
  const line = `${name}: ${law} not checked: ${reason}`
  if (!printed.has(line)) console.info(line)
  printed.add(line)
}
