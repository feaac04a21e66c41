import { existsSync, readFileSync } from 'node:fs'
import type { NumericArgument } from '../../../compiler/distributions/types.js'
import type { Arguments } from './numeric-density.js'

/** Published values, one file a distribution, made by anchors/generate.py; it documents the format. */
export interface Anchors {
  readonly source: string
  readonly points: readonly AnchorPoint[]
  readonly moments: readonly AnchorMoments[]
}

export interface AnchorPoint {
  /** The same arguments in each parametrisation of the signature (or in the first ones). */
  readonly parametrisations: readonly Arguments[]
  readonly value: NumericArgument
  readonly logDensity: number
}

export interface AnchorMoments {
  readonly arguments: Arguments
  readonly expectations: readonly { readonly of: readonly (readonly number[])[]; readonly value: number }[]
}

interface AnchorFile {
  readonly source: string
  readonly points: readonly {
    readonly parametrisations: readonly Readonly<Record<string, NumericArgument>>[]
    readonly value: NumericArgument
    readonly logDensity: number | '-Infinity'
  }[]
  readonly moments: readonly {
    readonly arguments: Readonly<Record<string, NumericArgument>>
    readonly expectations: AnchorMoments['expectations']
  }[]
}

/** The anchors of a distribution, or null where there is no file for it. */
export function readAnchors(distribution: string): Anchors | null {
  const url = new URL(`../anchors/${kebab(distribution)}.json`, import.meta.url)
  if (!existsSync(url)) return null
  const file: AnchorFile = JSON.parse(readFileSync(url, 'utf8'))
  return {
    source: file.source,
    points: file.points.map((p) => ({
      parametrisations: p.parametrisations.map((args) => new Map(Object.entries(args))),
      value: p.value,
      logDensity: Number(p.logDensity),
    })),
    moments: file.moments.map((m) => ({
      arguments: new Map(Object.entries(m.arguments)),
      expectations: m.expectations,
    })),
  }
}

/** MvNormal → mv-normal. */
export function kebab(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
}
