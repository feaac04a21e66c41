import { UsageError } from '../../cli/exit-codes.js'
import type { Host } from '../../cli/host.js'
import type {
  DataRequest,
  FitCall,
  FitOutcome,
  FitPort,
  LatentPosterior,
  ParamView,
  Ports,
  WorkedCall,
} from '../../cli/ports.js'
import { bindData } from '../../runtime/data/bind.js'
import { loadFit } from '../../runtime/load.js'
import type { FitResult } from '../../runtime/result.js'
import { declare } from '../support/declare.js'

/** A host without a terminal, with files in memory. */
export interface FakeHost extends Host {
  readonly files: Map<string, string | Uint8Array>
  readonly written: Map<string, string>
  out: string
  err: string
  interrupt: () => void
}

export function fakeHost(files: Readonly<Record<string, string | Uint8Array>> = {}): FakeHost {
  const host: FakeHost = {
    files: new Map(Object.entries(files)),
    written: new Map(),
    out: '',
    err: '',
    interrupt: () => undefined,
    stdout: (text) => {
      host.out += text
    },
    stderr: (text) => {
      host.err += text
    },
    stderrIsTerminal: false,
    width: 100,
    colourOut: false,
    colourErr: false,
    async read(path) {
      const content = host.files.get(path)
      if (content === undefined) throw new UsageError(`there is no file \`${path}\``)
      return typeof content === 'string' ? new TextEncoder().encode(content) : content
    },
    exists: (path) => host.files.has(path),
    async write(path, text) {
      let whole = ''
      if (typeof text === 'string') whole = text
      else for await (const piece of text) whole += piece
      host.written.set(path, whole)
    },
    onInterrupt(callback) {
      host.interrupt = callback
      return () => {
        host.interrupt = () => undefined
      }
    },
    now: () => 0,
  }
  return host
}

export const fakeResult: FitResult = {
  format: 1,
  passes: 1,
  model: 'OldFaithful',
  estepVersion: '0.1.0',
  seed: 1,
  sizes: { N: 4, D: 2, K: 2 },
  logLikelihood: -1709.52928,
  objective: -1709.52928,
  bound: 'exact',
  parameters: 7,
  parametersNominal: 7,
  observations: 4,
  bic: 3458.2992,
  aic: 3433.06,
  converged: true,
  stop: 'tolerance',
  iterations: 3,
  trace: ['-Infinity', -2000, -1720, -1709.6, -1709.52928],
  starts: [
    { seed: 1, objective: -1709.52928, degenerate: false, iterations: 3, stop: 'tolerance', brief: false },
    { seed: 2, objective: -1800, degenerate: false, iterations: 12, stop: null, brief: true },
    { seed: 3, objective: -1709.52928, degenerate: false, iterations: 3, stop: 'tolerance', brief: false },
  ],
  params: {
    pi: [0.367, 0.633],
    mu: [
      [2.09, 54.75],
      [4.29, 80.28],
    ],
    sigma: [4.166, 4],
  },
  derived: { gap: 25.5 },
  boundary: [],
  plan: {
    eStep: [{ latents: ['z'], method: 'enumeration' }],
    mStep: [{ params: ['mu'], rule: 'family-mode', closedForm: true, exact: 'joint', declined: [] }],
  },
  columns: { x: ['a', 'b'] },
  levels: {},
  warnings: [{ code: 'W521', message: 'a component has collapsed' }],
}

const layout: readonly ParamView[] = [
  { name: 'pi', shape: [2], labels: [null], components: [{ latent: 'z', dimension: 0 }] },
  { name: 'mu', shape: [2, 2], labels: [null, ['a', 'b']], components: [{ latent: 'z', dimension: 0 }] },
  { name: 'sigma', shape: [2], labels: [null], components: [{ latent: 'z', dimension: 0 }] },
]

const latents: readonly LatentPosterior[] = [
  {
    name: 'z',
    kind: 'discrete',
    own: [],
    rowLabels: [null],
    shape: [4],
    rows: 4,
    labels: ['1', '2'],
    probabilities: Float64Array.of(1, 0, 0.75, 0.25, 0, 1, 0.1, 0.9),
    modes: Int32Array.of(0, 0, 1, 1),
    means: null,
    sd: null,
    covariance: null,
    parameters: null,
  },
]

export function fakeFit(result: FitResult = fakeResult): FitPort {
  return {
    toJSON: () => result,
    layout,
    data: null,
    posterior: () => latents,
    rows: () => new Map(),
    async *parts(data) {
      yield { kind: 'part', data, rows: data.tables[0]?.rows ?? 0 }
    },
    predict: async (data) => {
      const bound = bindData(declare('data x : real[N, D]'), data.tables, { columns: data.columns })
      return bound.value === undefined
        ? { kind: 'data', problems: bound.problems }
        : { kind: 'posterior', latents, rows: new Map(), warnings: [] }
    },
    impute: async () => ({
      kind: 'imputed',
      arrays: [
        {
          name: 'x',
          cells: [
            {
              index: [2, 1],
              value: 1.5,
              sd: 0.25,
              probability: null,
              probabilities: null,
              origin: { source: 'two.csv', row: 3, column: 'a' },
            },
          ],
        },
      ],
      warnings: [],
    }),
    simulate: () => ({ kind: 'usage', message: 'the fake draws nothing' }),
    report: async () => ({ kind: 'page', text: '<!doctype html>' }),
    residuals: async () => ({ kind: 'residuals', arrays: [], warnings: [] }),
    score: async () => ({
      kind: 'score',
      logLikelihood: -3.5,
      contributions: [
        { plate: 'n', values: Float64Array.of(-1, -2) },
        { plate: null, values: Float64Array.of(-0.5) },
      ],
      warnings: [],
    }),
  }
}

/** Ports whose models have errors where their text says `error`; `calls` collects the options of fits. */
export function fakePorts(calls: FitCall[] = [], outcome: (call: FitCall) => FitOutcome | null = () => null): Ports {
  return {
    version: '9.9.9',
    select: async () => ({ kind: 'usage', message: 'the fake chooses nothing' }),
    machine: 'a test',
    readCheckpoint: async () => null,
    compile: ({ text }) => {
      if (text.includes('error')) {
        return {
          diagnostics: [
            { code: 'E101', severity: 'error', span: { start: 0, end: 5 }, message: 'this is not a model' },
          ],
        }
      }
      return {
        diagnostics: [],
        model: {
          name: 'OldFaithful',
          declarations: declare(text),
          params: ['pi', 'mu', 'sigma'],
          derivation: (mode) => ({
            document: {
              toText: () => (mode === 'hard' ? 'hard text' : 'text'),
              toLatex: ({ fragment }: { fragment: boolean }) =>
                fragment ? '\\section{fragment}' : '\\documentclass{article}',
              toHtml: ({ katexStyles }: { katexStyles: string }) => `<style>${katexStyles}</style>`,
              lines: [],
              toMarkdown: () => '# markdown',
            },
            diagnostics: [],
          }),
          plan: () => ({ eStep: [], mStep: [] }),
          worked: async (_data: DataRequest, call: WorkedCall) => ({
            kind: 'document' as const,
            document: {
              toText: () => `worked from seed ${call.seed}, ${JSON.stringify([...(call.start ?? [])])}`,
              toMarkdown: () => '# worked',
              toLatex: () => '',
              toHtml: () => '',
              lines: [],
            },
          }),
          emit: async () => ({ text: 'export const fit = null\n' }),
          simulate: () => ({ kind: 'usage', message: 'the fake draws nothing' }),
          certify: async () => ({
            passed: !text.includes('wrong'),
            checks: [
              { name: 'log-normaliser', passed: !text.includes('wrong'), error: 1e-13, tolerance: 1e-9, detail: '' },
            ],
          }),
          fit: async (data, call) => {
            calls.push(call)
            const special = outcome(call)
            if (special !== null) return special
            const bound = bindData(declare(text), data.tables, {
              columns: data.columns,
              groupBy: data.groupBy,
              set: call.set,
            })
            if (bound.value === undefined) return { kind: 'data', problems: bound.problems }
            return { kind: 'fit', fit: fakeFit(), partial: call.signal.aborted }
          },
        },
      }
    },
    format: ({ text }) =>
      text.includes('error') ? { diagnostics: [] } : { text: `${text.trim()}\n`, diagnostics: [] },
    loadFit: (document) => {
      const loaded = loadFit(document)
      return loaded.ok ? { fit: fakeFit(loaded.result) } : { problem: loaded.problem }
    },
  }
}
