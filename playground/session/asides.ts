/** What is asked beside the runs: intervals of a fit, a choice among candidates, data drawn from the model. */
import type { ErrorKind } from '../../runtime/uncertainty.js'
import type {
  BesideView,
  Comparison,
  FileKind,
  GivenFile,
  MadeFile,
  ModeRefusals,
  NewRowsView,
} from '../workers/messages.js'
import type { DataFiles } from './data-files.js'
import type { Desk } from './desk.js'
import type { KeptRuns } from './kept-runs.js'
import { pointInWords, shownRun } from './state.js'

export class Asides {
  constructor(
    private readonly desk: Desk,
    private readonly files: DataFiles,
    private readonly kept: KeptRuns,
  ) {}

  refusedModes(): Promise<ModeRefusals> {
    return this.desk.fitter.call('refusedModes', null)
  }

  /** Standard errors of the fit that is shown. */
  intervals(kind: ErrorKind, replicates: number): Promise<void> {
    return this.desk.working('intervals', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      const run = shown.run.id
      const { weights } = this.desk.state.project.controls
      this.say('standard errors are under way')
      const intervals = await this.kept.call('intervals', { run, kind, replicates, weights })
      this.desk.store.dispatch({ kind: 'intervals', run, intervals })
      this.desk.store.dispatch({ kind: 'say', text: intervals.says })
    })
  }

  /** The data beside what the fit that is shown says of it. */
  residuals(): Promise<void> {
    return this.desk.working('residuals', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      const run = shown.run.id
      this.say('residuals are under way')
      const residuals = await this.kept.call('residuals', { run })
      this.desk.store.dispatch({ kind: 'residuals', run, residuals })
      this.desk.store.dispatch({ kind: 'say', text: 'residuals are there' })
    })
  }

  /** A fit as a file; null where there is none. */
  async file(kind: FileKind): Promise<MadeFile | null> {
    let made: MadeFile | null = null
    await this.desk.working('file', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      made = await this.kept.call('file', { run: shown.run.id, kind })
      this.desk.store.dispatch({ kind: 'say', text: `${made.name} is there` })
    })
    return made
  }

  /** The run that is shown beside another one; null where that cannot be had. */
  async beside(other: number): Promise<BesideView | null> {
    let view: BesideView | null = null
    await this.desk.working('beside', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      view = await this.kept.call('beside', { run: shown.run.id, other })
      this.desk.store.dispatch({ kind: 'say', text: 'the runs stand side by side' })
    })
    return view
  }

  /** Rows that the fit that is shown has not seen; null where that cannot be told. */
  async newRows(files: readonly GivenFile[]): Promise<NewRowsView | null> {
    let view: NewRowsView | null = null
    await this.desk.working('new rows', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      view = await this.kept.call('newRows', { run: shown.run.id, files })
      this.desk.store.dispatch({ kind: 'say', text: 'predictions for the new rows are there' })
    })
    return view
  }

  /** Fits every value of a const, and compares. */
  choose(name: string, values: readonly number[], compare: Comparison): Promise<void> {
    return this.desk.working('choose', async () => {
      this.say('candidates are under way')
      const { controls } = this.desk.state.project
      const choice = await this.desk.fitter.call('choose', { controls, name, values, compare })
      this.desk.store.dispatch({ kind: 'chosen', choice })
      this.desk.store.dispatch({ kind: 'say', text: choice.sentences.join(' ') })
    })
  }

  private say(said: string): void {
    const { shown } = this.desk.state
    this.desk.store.dispatch({ kind: 'progress', run: shown ?? 0, traces: [], said })
  }

  /** Data drawn at the params shown takes the place of what there is. */
  draw(sizes: ReadonlyMap<string, number>, seed: number, latents: boolean): Promise<void> {
    return this.desk.working('draw', async () => {
      const shown = shownRun(this.desk.state)
      if (shown === null) return
      const { text, name, groupBy } = await this.kept.call('draw', { run: shown.run.id, sizes, seed, latents })
      const { files, controls } = this.desk.state.project
      const before = this.desk.state.drawn?.before ?? {
        files,
        columns: controls.columns,
        groupBy: controls.groupBy,
      }
      const { columns } = controls
      await this.files.addText(name, text, null, { columns, groupBy })
      const says = `Drawn from the model with seed ${seed}, at ${pointInWords(shown)}.`
      this.desk.store.dispatch({ kind: 'drawn', drawn: { says, before } })
      this.desk.store.dispatch({ kind: 'say', text: says })
    })
  }

  /** The reader's own data in the place of what was drawn. */
  async putBack(): Promise<void> {
    const { drawn } = this.desk.state
    if (drawn === null) return
    const { files, columns, groupBy } = drawn.before
    await this.files.replace(files, { columns, groupBy })
  }
}
