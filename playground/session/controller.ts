/** What the page does: the project that is open, its text, its controls and its links. Data and runs have parts of their own. */
import type { LanguageAnswer, LanguageCall, LanguageRequest } from '../../compiler/service/language-service.js'
import type { LanguageClient } from '../editor/language-client.js'
import type { GalleryExample, GalleryItem } from '../gallery/types.js'
import type { WorkerClient } from '../workers/client.js'
import type { CompileCalls } from '../workers/messages.js'
import { Asides } from './asides.js'
import { saveProject } from './autosave.js'
import { DataFiles } from './data-files.js'
import { Desk, type Hosts } from './desk.js'
import { Gallery } from './gallery.js'
import { KeptRuns } from './kept-runs.js'
import type { Area, Project, RunControls } from './project.js'
import { Runs } from './runs.js'
import { packProject } from './share-link.js'
import { type Action, projectToKeep, type State, shownRun } from './state.js'
import type { Store } from './store.js'
import type { ArrayView } from './view.js'

/** Milliseconds. */
const AFTER_KEYSTROKE = 120
const SAVE_AFTER = 600

export class Controller {
  private readonly desk: Desk
  readonly gallery: Gallery
  readonly files: DataFiles
  private readonly kept: KeptRuns
  readonly runs: Runs
  readonly asides: Asides

  constructor(project: Project, hosts: Hosts, opening: readonly ArrayView[] = []) {
    this.desk = new Desk(project, hosts, opening)
    this.gallery = new Gallery(hosts)
    this.files = new DataFiles(this.desk, this.gallery)
    this.kept = new KeptRuns(this.desk, this.files)
    this.runs = new Runs(this.desk, this.files, this.kept, (controls) => this.setControls(controls))
    this.asides = new Asides(this.desk, this.files, this.kept)
    this.store.subscribe(() => this.desk.later('save', SAVE_AFTER, () => saveProject(projectToKeep(this.state))))
  }

  get store(): Store<State, Action> {
    return this.desk.store
  }

  get compiler(): WorkerClient<CompileCalls> {
    return this.desk.compiler
  }

  get state(): State {
    return this.desk.state
  }

  // -- project ---------------------------------------------------------------------------------------------------------

  /** Reads the files of the project and compiles its model. Nothing is run. */
  async begin(): Promise<void> {
    await Promise.all([this.compile(), this.files.read()])
    await this.files.bind()
  }

  async open(project: Project, opened: () => void = () => {}): Promise<void> {
    await this.runs.stop()
    // a fresh worker: the memory of the models of before goes with the old one
    this.desk.fitter.end()
    this.files.clear()
    this.kept.clear()
    this.store.dispatch({ kind: 'open', project })
    opened()
    await this.begin()
  }

  /** `opened`: called when its text has taken the place of what was there. */
  async openItem(example: GalleryExample, item: GalleryItem, opened: () => void = () => {}): Promise<void> {
    try {
      await this.open(await this.gallery.projectOf(example, item), opened)
    } catch (error) {
      opened()
      this.desk.complain(error)
    }
  }

  /** The example that is open as it was; where there is none, the one that the page opens with. */
  async reset(opening: Project): Promise<void> {
    const { example, source } = this.state.project
    const index = example === null || example === opening.example ? null : await this.gallery.index().catch(() => null)
    const found = index?.examples.find((e) => e.id === example)
    const item = found?.items.find((i) => source.includes(i.model)) ?? found?.items[0]
    if (found === undefined || item === undefined) await this.open(opening)
    else await this.openItem(found, item)
  }

  edit(source: string): void {
    this.store.dispatch({ kind: 'edit', source })
    this.desk.later('compile', AFTER_KEYSTROKE, () => void this.compile().then(() => this.files.bind()))
  }

  private async compile(): Promise<void> {
    const { revision, project } = this.state
    if (this.state.compiledRevision === revision.source) return
    try {
      const compiled = await this.compiler.call('compile', { source: project.source })
      this.store.dispatch({ kind: 'compiled', compiled, revision: revision.source })
      if (this.state.compiledRevision !== this.state.revision.source) await this.compile()
    } catch (error) {
      this.desk.complain(error)
    }
  }

  setControls(controls: Partial<RunControls>): void {
    this.store.dispatch({ kind: 'controls', controls })
    if ('set' in controls || 'columns' in controls || 'groupBy' in controls)
      this.desk.later('bind', AFTER_KEYSTROKE, () => void this.files.bind())
  }

  openArea(area: Area): void {
    this.store.dispatch({ kind: 'area', area })
  }

  // -- text and links ----------------------------------------------------------------------------------------------------

  /** The language service, asked by the editor. */
  readonly language: LanguageClient = {
    ask: <K extends LanguageCall>(request: LanguageRequest<K>) =>
      this.compiler.call('language', request as LanguageRequest) as Promise<LanguageAnswer<K>>,
  }

  /** A program that runs the algorithm by itself. */
  program(source: string): Promise<string> {
    return this.desk.fitter.call('emit', { source })
  }

  /** The address that opens what is there now; or why there is none. */
  async link(): Promise<{ readonly url: string } | { readonly message: string }> {
    const { project } = this.state
    const shown = shownRun(this.state)
    const local = project.files.find((f) => f.kind === 'local')
    const isStepped = shown !== null && !this.runs.isSearched(shown.run.id)
    const packed = await packProject({ ...project, iteration: isStepped ? (shown.run.point?.iteration ?? null) : null })
    if (packed.kind === 'too-large') return { message: packed.message }
    const url = new URL(globalThis.location.href)
    url.hash = packed.fragment
    if (local !== undefined)
      this.desk.notice('info', { message: `The link is without ${local.name}, which is too large for it.`, help: null })
    return { url: url.href }
  }
}
