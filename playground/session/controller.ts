/** What the page does: it talks to the workers, and tells the store what came of it. */
import type { LanguageAnswer, LanguageCall, LanguageRequest } from '../../compiler/service/language-service.js'
import type { LanguageClient } from '../editor/language-client.js'
import type { GalleryExample, GalleryIndex, GalleryItem } from '../gallery/types.js'
import { Ended, Refused, WorkerClient } from '../workers/client.js'
import type {
  BeginRequest,
  BindingView,
  CompileCalls,
  Complaint,
  FitCalls,
  FitProgressMessage,
  RunState,
} from '../workers/messages.js'
import { saveProject } from './autosave.js'
import { type Area, type Picture, type Project, type ProjectFile, plainControls, type RunControls } from './project.js'
import { controlsFromJson } from './project-json.js'
import { packProject } from './share-link.js'
import {
  type Action,
  basisOf,
  initial,
  MOST_RUNS,
  number,
  pointInWords,
  reduce,
  type State,
  shownRun,
  whyNot,
} from './state.js'
import { Store } from './store.js'
import type { ArrayView, Mode, PointQueries } from './view.js'

/** Milliseconds. */
const AFTER_KEYSTROKE = 120
const PATIENCE = 220
const SAVE_AFTER = 600
export const PACE = 700

/** Characters of a file that are kept with the project. */
const MOST_KEPT = 1_500_000

/** How the two workers are started: their scripts are found by the bundler. */
export interface Hosts {
  compile(): Worker
  fit(): Worker
  /** A file beside the page. */
  fetchText(path: string): Promise<string>
}

export class Controller {
  readonly store: Store<State, Action>
  readonly compiler: WorkerClient<CompileCalls>
  private readonly fitter: WorkerClient<FitCalls>
  /** Contents of the files by name, as they are or where they can be read. */
  private readonly contents = new Map<string, string | Blob>()
  private loaded = false
  private bound = ''
  private nextRun = 1
  private made = new Map<number, string>()
  /** Runs that are the best of several starts. */
  private readonly searched = new Set<number>()
  private last: FitProgressMessage | null = null
  private index: Promise<GalleryIndex> | null = null
  private timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(
    project: Project,
    private readonly hosts: Hosts,
    opening: readonly ArrayView[] = [],
  ) {
    this.store = new Store(initial(project, opening), reduce)
    this.compiler = new WorkerClient<CompileCalls>(hosts.compile)
    this.fitter = new WorkerClient<FitCalls>(hosts.fit, (message) => this.progressed(message as FitProgressMessage))
    this.store.subscribe(() => this.later('save', SAVE_AFTER, () => saveProject(this.state.project)))
  }

  get state(): State {
    return this.store.state
  }

  private later(name: string, ms: number, run: () => void): void {
    clearTimeout(this.timers.get(name))
    this.timers.set(name, setTimeout(run, ms))
  }

  // -- project ---------------------------------------------------------------------------------------------------------

  /** Reads the files of the project and compiles its model. Nothing is run. */
  async begin(): Promise<void> {
    await Promise.all([this.compile(), this.readFiles()])
    await this.bind()
  }

  async open(project: Project): Promise<void> {
    await this.stop()
    // a fresh worker: the memory of the models of before goes with the old one
    this.fitter.end()
    this.contents.clear()
    this.loaded = false
    this.bound = ''
    this.store.dispatch({ kind: 'open', project })
    await this.begin()
  }

  /** The example that is open as it was; where there is none, the one that the page opens with. */
  async reset(opening: Project): Promise<void> {
    const { example, source } = this.state.project
    const index = example === null || example === opening.example ? null : await this.gallery().catch(() => null)
    const found = index?.examples.find((e) => e.id === example)
    const item = found?.items.find((i) => source.includes(i.model)) ?? found?.items[0]
    if (found === undefined || item === undefined) await this.open(opening)
    else await this.openItem(found, item)
  }

  edit(source: string): void {
    this.store.dispatch({ kind: 'edit', source })
    this.later('compile', AFTER_KEYSTROKE, () => void this.compile().then(() => this.bind()))
  }

  private async compile(): Promise<void> {
    const { revision, project } = this.state
    if (this.state.compiledRevision === revision.source) return
    try {
      const compiled = await this.compiler.call('compile', { source: project.source })
      this.store.dispatch({ kind: 'compiled', compiled, revision: revision.source })
      if (this.state.compiledRevision !== this.state.revision.source) await this.compile()
    } catch (error) {
      this.complain(error)
    }
  }

  setControls(controls: Partial<RunControls>): void {
    this.store.dispatch({ kind: 'controls', controls })
    if ('set' in controls || 'columns' in controls || 'groupBy' in controls)
      this.later('bind', AFTER_KEYSTROKE, () => void this.bind())
  }

  openArea(area: Area): void {
    this.store.dispatch({ kind: 'area', area })
  }

  // -- data ------------------------------------------------------------------------------------------------------------

  async addFiles(files: readonly File[]): Promise<void> {
    const added: ProjectFile[] = []
    for (const file of files) {
      if (file.size <= MOST_KEPT) {
        const text = await textOf(file)
        if (text !== null) {
          this.contents.set(file.name, text)
          added.push({ kind: 'text', name: file.name, text })
          continue
        }
      }
      this.contents.set(file.name, file)
      added.push({ kind: 'local', name: file.name, bytes: file.size })
    }
    await this.replaceFiles(added)
  }

  /** `image`: its rows are the pixels of a picture. */
  async addText(name: string, text: string, image: Picture | null = null): Promise<void> {
    this.contents.set(name, text)
    await this.replaceFiles([{ kind: 'text', name, text, ...(image === null ? {} : { image }) }])
  }

  /** New data takes the place of what was there, and columns that were chosen for it. */
  private async replaceFiles(files: readonly ProjectFile[]): Promise<void> {
    if (files.length === 0) return
    this.store.dispatch({ kind: 'files', files })
    this.store.dispatch({ kind: 'controls', controls: { columns: new Map(), groupBy: null } })
    this.loaded = false
    await this.readFiles()
    await this.bind()
  }

  private async readFiles(): Promise<void> {
    const { files } = this.state.project
    this.store.dispatch({ kind: 'reading' })
    try {
      const given = await Promise.all(
        files.map(async (file) => ({ name: file.name, content: await this.contentOf(file) })),
      )
      const transfer = given.flatMap(({ content }) => (content instanceof Uint8Array ? [content.buffer] : []))
      const { files: read, complaints } = await this.fitter.call('load', { files: given }, transfer)
      if (this.state.project.files !== files) return
      this.loaded = true
      this.store.dispatch({ kind: 'read', files: read, complaints })
    } catch (error) {
      this.store.dispatch({ kind: 'read', files: [], complaints: complaintsIn(error) })
    }
  }

  private async contentOf(file: ProjectFile): Promise<string | Uint8Array<ArrayBuffer>> {
    const known = this.contents.get(file.name)
    if (known instanceof Blob) return new Uint8Array(await known.arrayBuffer())
    if (known !== undefined) return known
    if (file.kind === 'text') return file.text
    if (file.kind === 'local')
      throw new Refused([plain(`${file.name} is not kept with the project: choose the file again`)])
    const { examples } = await this.gallery()
    const known_ = examples.find((e) => e.id === file.example)?.files.includes(file.name) === true
    if (!known_) throw new Refused([plain(`the gallery has no file ${file.name} of ${file.example}`)])
    const text = await this.hosts.fetchText(`gallery/${file.example}/${file.name}`)
    this.contents.set(file.name, text)
    return text
  }

  /** The files as they were given. */
  fileContents(): Promise<readonly { readonly name: string; readonly content: Uint8Array<ArrayBuffer> }[]> {
    return Promise.all(
      this.state.project.files.map(async (file) => {
        const content = await this.contentOf(file)
        return { name: file.name, content: typeof content === 'string' ? new TextEncoder().encode(content) : content }
      }),
    )
  }

  private async bind(): Promise<void> {
    const s = this.state
    const { controls, source } = s.project
    if (s.compiled?.model == null || s.compiledRevision !== s.revision.source || !this.loaded) return
    const key = `${basisOf(s)} ${JSON.stringify([...controls.set])}`
    if (this.bound === key) return
    this.bound = key
    try {
      const binding = await this.fitter.call('bind', { source, controls })
      if (this.bound === key) this.store.dispatch({ kind: 'bound', binding: await this.withPicture(binding) })
    } catch (error) {
      if (this.bound === key && !(error instanceof Ended))
        this.store.dispatch({ kind: 'unbound', complaints: complaintsIn(error) })
    }
  }

  /** Rows that are the pixels of a picture say so, so that they are drawn as one. */
  private async withPicture(binding: BindingView): Promise<BindingView> {
    const image = await this.pictureOf(this.state.project.files[0])
    if (image === null) return binding
    const isIt = (a: ArrayView): boolean => a.shape.length === 2 && a.shape[0] === image.width * image.height
    return { ...binding, data: binding.data.map((a) => (isIt(a) ? { ...a, image } : a)) }
  }

  private async pictureOf(file: ProjectFile | undefined): Promise<Picture | null> {
    if (file?.kind === 'text') return file.image ?? null
    if (file?.kind !== 'example') return null
    const { examples } = await this.gallery()
    const pictures = examples.find((e) => e.id === file.example)?.pictures ?? []
    return pictures.find((p) => p.name === file.name) ?? null
  }

  // -- runs ------------------------------------------------------------------------------------------------------------

  private get otherMode(): Mode {
    return this.state.project.controls.mode === 'em' ? 'hard' : 'em'
  }

  /** What a run was made with: a step under other controls makes a new one. */
  private madeOf(mode: Mode): string {
    const { seed, init, set, start } = this.state.project.controls
    return JSON.stringify([basisOf(this.state), mode, seed, init, [...set], [...start]])
  }

  private labelOf(mode: Mode, more: string | null): string {
    const { controls } = this.state.project
    const set = [...controls.set].map(([name, value]) => `${name} = ${value}`)
    return [...set, mode === 'hard' ? 'hard' : 'soft', more ?? `seed ${controls.seed}`].join(' · ')
  }

  /** Makes a run and shows it; with `compare` one in the other mode from the same start beside it. */
  private async newRun(
    from: Partial<Pick<BeginRequest, 'sameAs' | 'params'>> = {},
    more: string | null = null,
  ): Promise<number> {
    const { controls } = this.state.project
    const run = await this.beginOne(controls.mode, { sameAs: null, params: null, ...from }, more)
    const compare = controls.compare && this.state.compiled?.model?.facts.hard === true
    const beside = compare ? await this.beginOne(this.otherMode, { sameAs: run, params: null }, 'same start') : null
    this.store.dispatch({ kind: 'show', run, beside })
    this.forgetOld()
    return run
  }

  private async beginOne(
    mode: Mode,
    from: Pick<BeginRequest, 'sameAs' | 'params'>,
    more: string | null,
  ): Promise<number> {
    const run = this.nextRun++
    const { controls } = this.state.project
    const state = await this.fitter.call('begin', { run, controls, mode, label: this.labelOf(mode, more), ...from })
    this.made.set(run, this.madeOf(mode))
    this.store.dispatch({ kind: 'moved', state })
    return run
  }

  private forgetOld(): void {
    const { runs, shown, beside } = this.state
    const spare = runs.filter((r) => r.run.id !== shown && r.run.id !== beside)
    const old = spare.slice(0, Math.max(0, runs.length - MOST_RUNS)).map((r) => r.run.id)
    if (old.length > 0) this.forget(old)
  }

  forget(runs: readonly number[]): void {
    this.store.dispatch({ kind: 'forget', runs })
    void this.fitter.call('forget', { runs }).catch(() => {})
  }

  /** The run that steps go on with: the one shown, where it was made of what is there now. */
  private async current(): Promise<number> {
    const shown = shownRun(this.state)
    if (shown !== null && this.made.get(shown.run.id) === this.madeOf(shown.run.mode)) return shown.run.id
    return this.newRun()
  }

  /** Runs something; what fails is said. `kind` is what the buttons then show. */
  private async working(kind: Exclude<State['work']['kind'], 'idle'>, run: () => Promise<void>): Promise<void> {
    if (this.state.work.kind !== 'idle') return
    const why = whyNot(this.state)
    if (why !== null) {
      this.store.dispatch({ kind: 'notice', notice: { kind: 'error', text: why, help: null } })
      return
    }
    this.store.dispatch({ kind: 'notice', notice: null })
    this.store.dispatch({ kind: 'work', work: { kind, run: this.state.shown ?? 0, stopping: false } })
    try {
      await run()
    } catch (error) {
      this.complain(error)
    } finally {
      if (this.isWorking(kind)) this.store.dispatch({ kind: 'work', work: { kind: 'idle' } })
    }
  }

  private moved(state: RunState): void {
    this.store.dispatch({ kind: 'moved', state })
    if (state.run.id !== this.state.shown) return
    const end = state.run.status === 'converged' && state.position === state.last ? ', converged' : ''
    this.store.dispatch({ kind: 'say', text: `${pointInWords(state)}${end}` })
    if (state.complaint !== null) this.notice('error', state.complaint)
  }

  private notice(kind: 'error' | 'info', { message, help }: Pick<Complaint, 'message' | 'help'>): void {
    this.store.dispatch({ kind: 'notice', notice: { kind, text: message, help } })
  }

  private complain(error: unknown): void {
    if (error instanceof Ended) return
    const [first] = complaintsIn(error)
    if (first !== undefined) this.notice('error', first)
  }

  private async stepOnce(): Promise<RunState> {
    const run = await this.current()
    const state = await this.fitter.call('step', { run })
    this.moved(state)
    const { beside } = this.state
    if (beside !== null) this.moved(await this.fitter.call('step', { run: beside }))
    return state
  }

  /** One half-step. */
  step(): Promise<void> {
    return this.working('step', async () => {
      await this.stepOnce()
    })
  }

  play(): Promise<void> {
    return this.working('play', async () => {
      for (;;) {
        const { run, position, last } = await this.stepOnce()
        if (this.isStopping() || ((run.status === 'converged' || run.status === 'failed') && position >= last)) return
        await new Promise((resolve) => setTimeout(resolve, PACE))
        if (this.isStopping()) return
      }
    })
  }

  /** From the start of the run to an iteration, that of a link. */
  goTo(iteration: number): Promise<void> {
    return this.working('play', async () => {
      for (;;) {
        const { run, position, last } = await this.stepOnce()
        const ended = (run.status === 'converged' || run.status === 'failed') && position >= last
        if (ended || this.isStopping() || (run.point?.iteration ?? 0) >= iteration) return
      }
    })
  }

  private isWorking(kind: State['work']['kind']): boolean {
    return this.state.work.kind === kind
  }

  /** Nothing is under way in the worker. */
  private isQuiet(): boolean {
    const { kind } = this.state.work
    return kind === 'idle' || kind === 'play'
  }

  private isStopping(): boolean {
    const { work } = this.state
    return work.kind === 'idle' || work.stopping
  }

  /** EM from where the run ends until it has converged. */
  finish(): Promise<void> {
    return this.working('finish', async () => {
      const run = await this.current()
      this.moved(await this.fitter.call('finish', { run }))
      const { beside } = this.state
      if (beside !== null && !this.isStopping()) this.moved(await this.fitter.call('finish', { run: beside }))
    })
  }

  /** A search over starts, as `estep fit` makes it. */
  fit(): Promise<void> {
    return this.working('fit', async () => {
      const { controls } = this.state.project
      const run = this.nextRun++
      const { mode, restarts, start } = controls
      const starts = start.size > 0 ? 'given start' : restarts === 1 ? `seed ${controls.seed}` : `best of ${restarts}`
      const request = { run, controls, mode, sameAs: null, params: null, label: this.labelOf(mode, starts) }
      const { state, summary } = await this.fitter.call('fit', request)
      this.made.set(run, this.madeOf(mode))
      this.searched.add(run)
      this.store.dispatch({ kind: 'moved', state, summary })
      const compare = controls.compare && this.state.compiled?.model?.facts.hard === true && !this.isStopping()
      const beside = compare ? await this.beginOne(this.otherMode, { sameAs: run, params: null }, 'same start') : null
      if (beside !== null) this.moved(await this.fitter.call('finish', { run: beside }))
      this.store.dispatch({ kind: 'show', run, beside })
      this.forgetOld()
      this.moved(state)
    })
  }

  /** Takes effect between two iterations; a worker that does not come to that in time is ended, its last iterate kept. */
  async stop(): Promise<void> {
    const { work } = this.state
    if (work.kind === 'idle') return
    this.store.dispatch({ kind: 'work', work: { ...work, stopping: true } })
    this.fitter.tell({ kind: 'stop' })
    await new Promise((resolve) => setTimeout(resolve, PATIENCE))
    if (this.isQuiet()) {
      this.store.dispatch({ kind: 'work', work: { kind: 'idle' } })
      return
    }
    const last = this.last
    this.fitter.end()
    this.loaded = false
    this.bound = ''
    this.store.dispatch({ kind: 'work', work: { kind: 'idle' } })
    const gone = this.state.runs.map((r) => r.run.id)
    this.store.dispatch({ kind: 'say', text: `stopped at iteration ${last?.iteration ?? 0}` })
    await this.readFiles()
    await this.bind()
    this.store.dispatch({ kind: 'forget', runs: gone })
    if (last?.params != null)
      await this.newRun({ params: last.params }, 'where it was stopped').catch((e) => this.complain(e))
  }

  async show(run: number, position: number): Promise<void> {
    try {
      this.moved(await this.fitter.call('show', { run, position }))
    } catch (error) {
      this.complain(error)
    }
  }

  look(run: number): void {
    this.store.dispatch({ kind: 'show', run, beside: null })
  }

  /** A new run from where the one shown began, under the controls as they are now. */
  sameStart(): Promise<void> {
    return this.working('starting', async () => {
      const shown = shownRun(this.state)
      await this.newRun(shown === null ? {} : { sameAs: shown.run.id }, 'same start')
    })
  }

  newStart(): Promise<void> {
    return this.working('starting', async () => {
      this.setControls({ seed: this.state.project.controls.seed + 1, start: new Map() })
      await this.bind()
      await this.newRun()
    })
  }

  private progressed(message: FitProgressMessage): void {
    if (message.kind !== 'progress') return
    this.last = message.params === null && this.last !== null ? { ...message, params: this.last.params } : message
    const { iteration, objective, run, traces } = message
    const said = `iteration ${iteration}, objective ${number(objective)}`
    if (this.state.work.kind !== 'idle') this.store.dispatch({ kind: 'progress', run, traces, said })
  }

  // -- what panels ask ---------------------------------------------------------------------------------------------------

  readonly queries: PointQueries = {
    density: (run, density) => this.fitter.call('density', { run, density }),
    ellipses: (run, x, y) => this.fitter.call('ellipses', { run, x, y }),
    lines: (run, x, y, at) => this.fitter.call('lines', { run, x, y, at }),
    directions: (run) => this.fitter.call('directions', { run }),
    boundCurve: (run, direction, points) => this.fitter.call('boundCurve', { run, direction, points }),
    boundContour: (run, points) => this.fitter.call('boundContour', { run, points }),
  }

  /** The language service, asked by the editor. */
  readonly language: LanguageClient = {
    ask: <K extends LanguageCall>(request: LanguageRequest<K>) =>
      this.compiler.call('language', request as LanguageRequest) as Promise<LanguageAnswer<K>>,
  }

  /** A program that runs the algorithm by itself. */
  program(source: string): Promise<string> {
    return this.fitter.call('emit', { source })
  }

  // -- gallery and links -------------------------------------------------------------------------------------------------

  gallery(): Promise<GalleryIndex> {
    this.index ??= this.hosts.fetchText('gallery/index.json').then((text) => JSON.parse(text) as GalleryIndex)
    return this.index
  }

  /** The page of an example. */
  page(example: GalleryExample): Promise<string> {
    return this.hosts.fetchText(`gallery/${example.id}/README.md`)
  }

  async openItem(example: GalleryExample, item: GalleryItem): Promise<void> {
    const source = await this.hosts.fetchText(`gallery/${example.id}/${item.model}`)
    await this.open({
      example: example.id,
      source,
      files: item.data.map((name) => ({ kind: 'example', example: example.id, name })),
      controls: controlsFromJson(item.controls, plainControls),
      iteration: null,
      area: 'see',
    })
  }

  /** The address that opens what is there now; or why there is none. */
  async link(): Promise<{ readonly url: string } | { readonly message: string }> {
    const { project } = this.state
    const shown = shownRun(this.state)
    const local = project.files.find((f) => f.kind === 'local')
    // the best of several starts is not reached by stepping from the first
    const steps = shown === null || this.searched.has(shown.run.id) ? null : (shown.run.point?.iteration ?? null)
    const packed = await packProject({ ...project, iteration: steps })
    if (packed.kind === 'too-large') return { message: packed.message }
    const url = new URL(globalThis.location.href)
    url.hash = packed.fragment
    if (local !== undefined)
      this.notice('info', { message: `The link is without ${local.name}, which is too large for it.`, help: null })
    return { url: url.href }
  }
}

const plain = (message: string): Complaint => ({ code: null, message, help: null })

function complaintsIn(error: unknown): readonly Complaint[] {
  if (error instanceof Refused) return error.complaints
  return [plain(error instanceof Error ? error.message : String(error))]
}

/** The text of a file in UTF-8; null where it is something else, which the worker's reader knows. */
async function textOf(file: File): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
  } catch {
    return null
  }
}
