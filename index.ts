/**
 * Estep: a small language for latent-variable models and a compiler that derives their EM algorithm.
 *
 * ```ts
 * import { compileOrThrow } from 'estep'
 * const model = compileOrThrow(source)
 * const fit = await model.fit({ x: rows }, { seed: 1 })
 * fit.params.mu
 * ```
 */

export type { FitCheckpoint } from './api/checkpoint-document.js'
export { type ComparedParam, type Comparison, compareFits, type MatchedParam } from './api/compare-fits.js'
export { type CompileResult, compile, compileOrThrow, loadFit } from './api/compile.js'
export { CompileError, DataError, OptionError } from './api/errors.js'
export { Fit } from './api/fit.js'
export type { Imputation, ImputedArray, ImputedCell } from './api/impute.js'
export type { Mode, ModeSchedule } from './api/mode-options.js'
export { type EmitTarget, Model } from './api/model.js'
export type { CompileOptions, DataOptions, FitCallOptions, FitData } from './api/options.js'
export type { LatentPosterior } from './api/posterior.js'
export type { Prediction, PredictOptions, Score } from './api/predict.js'
export type { CellResidual, DataResiduals, Frequency, Residuals } from './api/residuals.js'
export type { BootstrapTest } from './api/select/bootstrap-test.js'
export type { Candidate, Criterion, Figures } from './api/select/candidate.js'
export { type Selection, type SelectOptions, type SelectProgress, select } from './api/select/select.js'
export type { SimulateOptions, Sizes } from './api/simulate/simulate-model.js'
export {
  type SimulatedColumn,
  type SimulatedTable,
  type SimulatedValue,
  Simulation,
} from './api/simulate/simulation.js'
export { Stepper } from './api/stepper.js'
export type { TableRows } from './api/table-rows.js'
export type { ErrorOptions, Estimate, StandardErrors } from './api/uncertainty/types.js'
export type { Distribution } from './compiler/distributions/types.js'
export type { Spawn, WorkerHandle } from './compiler/targets/wasm/pool/types.js'
export type { Diagnostic } from './lang/diagnostics/types.js'
export { formatSource } from './lang/format/format.js'
export type { Certificate, CertificateCheck } from './oracle/certify.js'
export { readTable } from './runtime/data/read-table.js'
export { rowsTable } from './runtime/data/stream/rows-table.js'
export type { RowColumn, RowSource, Table } from './runtime/data/types.js'
export { AbortError, InternalError } from './runtime/errors.js'
export type { EmIteration } from './runtime/iterate.js'
export type { FitResult } from './runtime/result.js'
export { version } from './version.js'
