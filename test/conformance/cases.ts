import { readFileSync } from 'node:fs'

/** The reference cases. */
export const caseIds = [
  'A01-grade-full',
  'A02-grade-hidden',
  'A03-grade-only-c',
  'A04-faithful-gmm-spherical',
  'A05-faithful-gmm-diag',
  'A06-faithful-gmm-full',
  'A07-faithful-gmm-tied',
  'A08-iris-gmm-full',
  'A09-galaxies-k3-equal',
  'A09-galaxies-k3-unequal',
  'A09-galaxies-k4-equal',
  'A09-galaxies-k4-unequal',
  'A09-galaxies-k5-equal',
  'A09-galaxies-k5-unequal',
  'A09-galaxies-k6-equal',
  'A09-galaxies-k6-unequal',
  'A11-iris-qda',
  'A12-iris-lda',
  'A13-iris-kmeans',
  'A14-faithful-kmeans',
  'A15-lsat6-lca-k2',
  'A16-haireye-lca-k2',
  'A16-haireye-lca-k3',
  'A17-discoveries-poismix-k2',
  'A18-earthquakes-poismix-k2',
  'A18-earthquakes-poismix-k3',
  'A19-biochemists-zip',
  'A20-npreg-mixreg',
  'A21-co2-mixreg-equalvar',
  'A22-co2-mixreg-unequalvar',
  'A23-dlr-linkage',
  'A24-abo',
  'A25-quine-negbin',
  'A26-lirat-betabinomial',
  'A27-earthquakes-hmm-k2',
  'A27-earthquakes-hmm-k3',
  'A28-discoveries-hmm-k2',
  'A29-geyser-gausshmm-k2',
  'A30-newcomb-t4',
  'A31-newcomb-t-free',
  'A32-stackloss-mvt5',
  'A33-ability-fa1',
  'A34-ability-fa2',
  'A35-attitude-fa1',
  'A36-attitude-ppca1',
  'A37-iris-ppca2',
  'A38-airquality-mvn-missing',
  'A39-faithful-gmm-missing',
  'A40-faithful-map-gmm',
  'A41-galaxies-map-gmm-k4',
  'A42-veteran-exp-censored',
  'A43-veteran-expmix-censored',
  'A44-orthodont-random-intercept',
  'A45-dyestuff-random-effect',
  'A46-eight-schools-eb',
  'A47-bcg-eb',
  'A48-pumps-gamma-poisson-eb',
  'A49-nile-local-level',
  'A50-caith-plsa-k2',
  'A51-pride-plsa-k3',
  'A52-image1-gmm-diag',
  'A52-image1-gmm-full',
  'A52-image1-gmm-spherical',
  'A52-image1-gmm-tied',
  'A53-image2-gmm-full-missing',
  'A54-image2-complete-gmm-full',
] as const

export type CaseId = (typeof caseIds)[number]

/** An entry of models/index.json. */
export interface CaseRun {
  readonly id: string
  readonly model: string
  /** A path below this folder, or CSV text. */
  readonly data: string
  readonly args: readonly string[]
  readonly field: 'logLikelihood' | 'objective'
  readonly expect: number
  readonly tol: number
  readonly note: string
}

/** The part of cases/<id>.json that the comparison reads. */
export interface CaseReference {
  readonly logLik: number
  readonly params: Readonly<Record<string, unknown>>
  /** The EM path from a given start, where the case has one. */
  readonly iterates?: unknown
  /** The log-likelihoods along the EM path from a start. */
  readonly trajectory?: {
    readonly start: { readonly weights: unknown; readonly means: unknown; readonly covariances: unknown }
    readonly logLikAfterIterations: readonly number[]
    readonly tolerance: number
  }
  readonly tolerance: {
    readonly logLikAbs?: number
    readonly paramsAbs?: number | null
    readonly paramsRel?: number
    readonly fittedAbs?: number
    readonly muAbs?: number
    readonly impliedCovarianceRel?: number
    readonly sigma2Rel?: number
    readonly WWtRel?: number
  }
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const runs: readonly CaseRun[] = JSON.parse(read('models/index.json'))

export function caseRun(id: CaseId): CaseRun {
  const run = runs.find((r) => r.id === id)
  if (run === undefined) throw new Error(`models/index.json has no ${id}`)
  return hasStart(id) ? run : { ...run, args: withoutStart(run.args) }
}

const hasStart = (id: CaseId): boolean => Object.hasOwn(JSON.parse(read(`cases/${id}.json`)), 'start')

/** A case without start values of its own is fitted from our starts, whatever its arguments suggest. */
const withoutStart = (args: readonly string[]): readonly string[] =>
  args.filter((arg, i) => arg !== '--start' && args[i - 1] !== '--start')

export const caseReference = (id: CaseId): CaseReference => readCase(id)

/** Any of the reference cases, covered or not. */
export const readCase = (id: string): CaseReference => JSON.parse(read(`cases/${id}.json`))

/** CSV text of the data of any reference case. */
export function readCaseData(id: string): string {
  const run = runs.find((r) => r.id === id)
  if (run === undefined) throw new Error(`models/index.json has no ${id}`)
  return dataText(run)
}

export const modelSource = (run: CaseRun): string => read(`models/${run.model}`)

/** CSV text of the case's data; index.json gives text where the published table has another shape. */
export const dataText = (run: CaseRun): string => (run.data.includes('\n') ? run.data : read(run.data))

/** Files that `--init` names lie beside the models. */
export const readBesideModels = (file: string): string => read(`models/${file}`)
