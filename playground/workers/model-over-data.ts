/** The model over the data as they are now, and its steps in each mode, made when they are first asked for. */
import type { Fit } from '../../api/fit.js'
import type { Model } from '../../api/model.js'
import type { FitCallOptions } from '../../api/options.js'
import type { Stepper } from '../../api/stepper.js'
import type { Table } from '../../runtime/data/types.js'
import { stepsOf } from '../session/modes.js'
import type { RunControls } from '../session/project.js'
import type { ArrayView, Mode } from '../session/view.js'
import { literalsOf } from './literals.js'
import { type PointViewer, viewerOf } from './point-viewer.js'
import { dataViews } from './views.js'

/** How the host runs fits: workers, and whether scripts may be generated. */
export type Engine = Pick<FitCallOptions, 'backend' | 'javascript' | 'threads' | 'spawn'>

/** Steppers that are kept for controls of before. */
const MOST_KEPT = 4

export class ModelOverData {
  private readonly steppers = new Map<string, Stepper<Fit>>()

  constructor(
    readonly model: Model,
    readonly tables: readonly Table[],
    /** How the data bind: consts, columns, groups. */
    private readonly controls: RunControls,
    private readonly engine: Engine,
  ) {}

  get source(): string {
    return this.model.typed.source.text
  }

  /** The controls that say how the data bind, and what is drawn. */
  get bindingControls(): Pick<RunControls, 'set' | 'columns' | 'groupBy' | 'seed'> {
    const { set, columns, groupBy, seed } = this.controls
    return { set, columns, groupBy, seed }
  }

  /** The same text, bound in the same way. */
  isLike(source: string, { set, columns, groupBy, seed }: RunControls): boolean {
    const key = (c: typeof this.bindingControls): string =>
      JSON.stringify([[...c.set], [...c.columns], c.groupBy, c.seed])
    return this.source === source && key(this.bindingControls) === key({ set, columns, groupBy, seed })
  }

  /** How data bind under the controls. */
  get binding(): {
    readonly set: ReadonlyMap<string, unknown>
    readonly columns: RunControls['columns']
    readonly groupBy: string | null
  } {
    const { model, controls } = this
    const consts = new Set(
      model.typed.symbols.flatMap((s) => (s.kind === 'const' || s.kind === 'data' ? [s.name] : [])),
    )
    const set = new Map([...literalsOf(controls.set)].filter(([name]) => consts.has(name)))
    const data = new Set(model.declarations(set).map((d) => d.name))
    const columns = new Map([...controls.columns].filter(([name, list]) => data.has(name) && list.length > 0))
    return { set, columns, groupBy: controls.groupBy }
  }

  /** What every fit over the data is asked for, beside its mode and its starts. */
  get common(): FitCallOptions {
    return { ...this.engine, ...this.binding }
  }

  stepperOf(mode: Mode, controls: RunControls): Stepper<Fit> {
    const { seed } = this.controls
    const steps = stepsOf(mode)
    const fix = this.fixOf(controls)
    const standardize = controls.standardize && steps !== 'vb'
    const key = JSON.stringify([steps, standardize, [...fix]])
    const known = this.steppers.get(key)
    if (known !== undefined) return known
    const made = this.model.stepper(this.tables, {
      ...this.common,
      mode: steps,
      seed,
      ...(fix.size === 0 ? {} : { fix }),
      ...(standardize ? { standardize } : {}),
    })
    this.steppers.set(key, made)
    const [oldest] = this.steppers.keys()
    if (this.steppers.size > MOST_KEPT && oldest !== undefined) this.steppers.delete(oldest)
    return made
  }

  /** Params that are held, of those that the model has. */
  fixOf({ fix }: RunControls): ReadonlyMap<string, unknown> {
    const params = new Set(this.paramNames)
    return new Map([...fix].filter(([name]) => params.has(name)))
  }

  private get paramNames(): readonly string[] {
    return this.model.typed.symbols.flatMap((s) => (s.kind === 'param' ? [s.name] : []))
  }

  viewerOf(mode: Mode, controls: RunControls): PointViewer {
    const own = this.stepperOf(mode, controls)
    const written = mode === 'vb' ? this.stepperOf('em', { ...controls, standardize: false, fix: new Map() }) : null
    return viewerOf(own, written, this.paramNames)
  }

  /** Names of sizes that count rows, of which a simulation may have more or fewer; none where data are sequences. */
  rowSizes(): readonly string[] {
    const { symbols } = this.model.typed
    if (symbols.some((s) => s.kind === 'size' && s.origin === 'length')) return []
    const counts = new Map(
      symbols.flatMap((s) =>
        s.kind === 'size' && s.origin === 'dimension' && s.rank === 0 ? [[s.id, s.name] as const] : [],
      ),
    )
    const outermost = symbols.flatMap((s) => {
      const size = s.kind === 'data' ? [...s.type.batch, ...s.type.core][0]?.size : undefined
      const name = size?.kind === 'ref' ? counts.get(size.symbol) : undefined
      return name === undefined ? [] : [name]
    })
    return [...new Set(outermost)]
  }

  /** The data as these steps see them. */
  dataOf(stepper: Stepper<Fit>): readonly ArrayView[] {
    const views = dataViews(stepper, this.model.declarations(this.binding.set))
    // in other units only where the model is another one in them
    if (stepper.logJacobian === 0) return views
    return views.map((a) => (a.element === 'real' ? { ...a, columns: a.columns.map((c) => `${c}, standardised`) } : a))
  }
}
