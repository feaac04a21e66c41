/** The library as the command line needs it. */
import { readCheckpoint } from '../api/checkpoint.js'
import { KernelError } from '../compiler/kernel/kernel-error.js'
import {
  CompileError,
  compile,
  DataError,
  type Fit,
  type FitCallOptions,
  type FitCheckpoint,
  formatSource,
  type CertificateCheck as LibraryCheck,
  loadFit,
  type Model,
  OptionError,
  type SimulateOptions,
  type Simulation,
  select,
  version,
} from '../index.js'
import { AbortError, InternalError } from '../runtime/errors.js'
import type { FitOutcome as RuntimeOutcome } from '../runtime/fit.js'
import type {
  DataRequest,
  FitCall,
  FitPort,
  ModelPort,
  NewDataFailure,
  Outcome,
  PartOutcome,
  Ports,
  SimulateCall,
  SimulateOutcome,
} from './ports.js'

export function libraryPorts(): Ports {
  return {
    version,
    machine: `Node ${process.versions.node} on ${process.platform} ${process.arch}`,
    readCheckpoint,
    compile(source) {
      const result = compile(source)
      return result.ok
        ? { model: modelPort(result.model), diagnostics: result.diagnostics }
        : { diagnostics: result.diagnostics }
    },
    format(source) {
      const { value, diagnostics } = formatSource(source)
      return value === undefined ? { diagnostics } : { text: value, diagnostics }
    },
    select(ports, data, fitting, { by, against, ...call }) {
      const models = ports.flatMap((p) => compiled.get(p) ?? [])
      const own = { ...call, ...(by === null ? {} : { by }), ...(against === null ? {} : { against }) }
      const among = {
        fit: (tables: DataRequest['tables'], o: FitCallOptions) => select(models, tables, { ...o, ...own }),
      }
      return fitted(among, data, fitting, (selection) => {
        const fit = selection.best?.fit ?? null
        return { selection, best: fit === null ? null : fitPort(fit) }
      })
    },
    loadFit(document) {
      try {
        return { fit: fitPort(loadFit(document)) }
      } catch (e) {
        if (e instanceof OptionError) return { problem: e.message }
        if (e instanceof CompileError) return { problem: `the model in the fit does not compile: ${e.message}` }
        throw e
      }
    },
  }
}

/** The models behind the ports that were made here. */
const compiled = new WeakMap<ModelPort, Model>()

function modelPort(model: Model): ModelPort {
  const port = portOf(model)
  compiled.set(port, model)
  return port
}

function portOf(model: Model): ModelPort {
  return {
    name: model.name,
    declarations: model.declarations(),
    params: model.typed.symbols.flatMap((s) => (s.kind === 'param' ? [s.name] : [])),
    derivation(mode) {
      try {
        return { document: model.derivationIn(mode), diagnostics: [] }
      } catch (e) {
        if (e instanceof CompileError) return { diagnostics: e.diagnostics }
        throw e
      }
    },
    async worked({ tables, columns, groupBy }, { set, start, seed, mode }) {
      try {
        const options = { columns, groupBy, set, seed, mode, ...(start === null ? {} : { start }) }
        return { kind: 'document', document: await model.worked(tables, options) }
      } catch (e) {
        if (e instanceof DataError) return { kind: 'data', problems: e.problems }
        if (e instanceof CompileError) return { kind: 'model', diagnostics: e.diagnostics }
        if (e instanceof OptionError) return { kind: 'usage', message: e.message }
        throw e
      }
    },
    plan: (mode) => (mode === 'hard' ? model.hardPlan : mode === 'vb' ? model.variationalPlan : model.plan),
    async certify({ seed }) {
      const { passed, checks, declined } = model.certify({ seed })
      return {
        passed,
        checks: checks.map((c: LibraryCheck) => ({ ...c })),
        ...(declined === undefined ? {} : { declined }),
      }
    },
    async emit(target) {
      try {
        return { text: await model.emit(target) }
      } catch (e) {
        if (e instanceof KernelError) return { declined: e.message }
        throw e
      }
    },
    fit: (data, call) => fitted(model, data, call, fitPort),
    simulate: (params, call) => simulated(() => model.simulate(params, call.sizes, simulateOptions(call))),
  }
}

/** Runs what takes the options of a fit; `port` is how the command line sees what comes of it. */
async function fitted<Done extends object, Port>(
  model: { fit(tables: DataRequest['tables'], options: FitCallOptions): Promise<Done> },
  data: DataRequest,
  call: FitCall,
  port: (done: Done) => Port,
): Promise<Outcome<Port>> {
  try {
    const fit = await model.fit(data.tables, {
      columns: data.columns,
      groupBy: data.groupBy,
      set: call.set,
      fix: call.fix,
      mode: call.mode,
      ...(call.batch === null ? {} : { batch: call.batch }),
      ...(call.schedule === null ? {} : { schedule: call.schedule }),
      init: call.init,
      seed: call.seed,
      tolerance: call.tolerance,
      maxIterations: call.maxIterations,
      floor: call.floor,
      maxTime: call.maxTime,
      accelerate: call.accelerate,
      trace: call.trace,
      standardize: call.standardize,
      mStep: call.mStep,
      ...(call.errors === null ? {} : { errors: call.errors }),
      ...(call.replicates === null ? {} : { replicates: call.replicates }),
      ...(call.weights === null ? {} : { weights: call.weights }),
      ...(call.backend === null ? {} : { backend: call.backend }),
      signal: call.signal,
      onIteration: (p) => call.onIteration(p),
      onStream: (stream) => call.onStream(stream),
      ...(call.checkpoint === null
        ? {}
        : { checkpoint: call.checkpoint.write, checkpointEvery: call.checkpoint.every }),
      // it is looked through before it is used
      ...(call.resume === null ? {} : { resume: call.resume as FitCheckpoint }),
      ...(call.memory === null ? {} : { memory: call.memory }),
      ...(call.threads === null ? {} : { threads: call.threads }),
      ...(call.start === null ? {} : { start: call.start }),
      ...(call.restarts === null ? {} : { restarts: call.restarts }),
    })
    return { kind: 'fit', fit: port(fit), partial: false }
  } catch (e) {
    if (e instanceof DataError) return { kind: 'data', problems: e.problems }
    if (e instanceof OptionError) return { kind: 'usage', message: e.message }
    if (e instanceof CompileError) return { kind: 'model', diagnostics: e.diagnostics }
    if (e instanceof InternalError) return { kind: 'failed', code: 'E901', message: e.message }
    if (e instanceof AbortError) {
      const partial = e.partial as Done | RuntimeOutcome | null
      return partial !== null && 'toJSON' in partial
        ? { kind: 'fit', fit: port(partial as Done), partial: true }
        : { kind: 'aborted' }
    }
    throw e
  }
}

function fitPort(fit: Fit): FitPort {
  return {
    toJSON: () => fit.toJSON(),
    layout: [...fit.layout, ...fit.held],
    data: fit.data,
    posterior: () => fit.posteriors(),
    rows: ({ tables }) => fit.tableRows(tables),
    parts: (data, rows) => partsOf(fit, data, rows),
    predict: ({ tables, columns, groupBy }, options) =>
      onNewData(async () => {
        const { latents, rows, warnings } = await fit.predict(tables, { columns, groupBy, ...options })
        return { kind: 'posterior', latents, rows, warnings }
      }),
    impute: (data) =>
      onNewData(async () => ({
        kind: 'imputed',
        ...(await fit.impute(data.tables, { columns: data.columns, groupBy: data.groupBy })),
      })),
    simulate: (call) => simulated(() => fit.simulate(call.sizes, simulateOptions(call))),
    report: (data, { frames, katexStyles }) =>
      onNewData(async () => {
        const options = { katexStyles, ...(frames === null ? {} : { frames }) }
        const text =
          data === null
            ? await fit.report(undefined, options)
            : await fit.report(data.tables, { columns: data.columns, groupBy: data.groupBy, ...options })
        return { kind: 'page', text }
      }),
    residuals: (data) =>
      onNewData(async () => ({
        kind: 'residuals',
        ...(await fit.residuals(data.tables, { columns: data.columns, groupBy: data.groupBy })),
      })),
    score: (data) =>
      onNewData(async () => ({
        kind: 'score',
        ...(await fit.score(data.tables, { columns: data.columns, groupBy: data.groupBy })),
      })),
  }
}

async function* partsOf(fit: Fit, data: DataRequest, rows: number): AsyncGenerator<PartOutcome> {
  const { columns, groupBy } = data
  const parts = fit.parts(data.tables, { columns, groupBy, rows })
  for (;;) {
    const next = await onNewData(() => parts.next())
    if ('kind' in next) {
      yield next
      return
    }
    if (next.done === true) return
    const at = data.tables.findIndex((t) => t.all !== undefined)
    yield { kind: 'part', data: { ...data, tables: next.value }, rows: next.value[at]?.rows ?? 0 }
  }
}

const simulateOptions = ({ data, ...call }: SimulateCall): SimulateOptions => ({
  set: call.set,
  seed: call.seed,
  keepMissing: call.keepMissing,
  columns: data.columns,
  groupBy: data.groupBy,
  ...(data.tables.length === 0 ? {} : { data: data.tables }),
})

function simulated(run: () => Simulation): SimulateOutcome {
  try {
    return { kind: 'simulation', simulation: run() }
  } catch (e) {
    if (e instanceof DataError) return { kind: 'data', problems: e.problems }
    if (e instanceof OptionError) return { kind: 'usage', message: e.message }
    throw e
  }
}

/** What a user can get wrong with new data, as a value. */
async function onNewData<T>(run: () => Promise<T>): Promise<T | NewDataFailure> {
  try {
    return await run()
  } catch (e) {
    if (e instanceof DataError) return { kind: 'data', problems: e.problems }
    if (e instanceof OptionError) return { kind: 'failed', code: 'E413', message: e.message }
    throw e
  }
}
