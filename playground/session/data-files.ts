/** The files of the project: kept, read by the fit worker, and bound to the model. */
import { Ended, Refused } from '../workers/client.js'
import type { BindingView, GivenFile } from '../workers/messages.js'
import { complaintsIn, type Desk, plain } from './desk.js'
import type { Gallery } from './gallery.js'
import type { Picture, ProjectFile, RunControls } from './project.js'
import { basisOf } from './state.js'
import type { ArrayView } from './view.js'

/** Characters of a file that are kept with the project. */
const MOST_KEPT = 1_500_000

type ColumnChoice = Pick<RunControls, 'columns' | 'groupBy'>

const NO_CHOICE: ColumnChoice = { columns: new Map(), groupBy: null }

/** Files as they were at some time, which others may have taken the place of since. */
export interface FilesThen {
  readonly files: readonly ProjectFile[]
  readonly contents: ReadonlyMap<string, string | Blob>
}

export class DataFiles {
  /** Contents of the files by name, as they are or where they can be read. */
  private readonly contents = new Map<string, string | Blob>()
  private loaded = false
  private bound = ''

  constructor(
    private readonly desk: Desk,
    private readonly gallery: Gallery,
  ) {}

  now(): FilesThen {
    return { files: this.desk.state.project.files, contents: new Map(this.contents) }
  }

  isNow({ files }: FilesThen): boolean {
    return files === this.desk.state.project.files
  }

  contentsOf({ files, contents }: FilesThen): Promise<readonly GivenFile[]> {
    return Promise.all(files.map(async (file) => ({ name: file.name, content: await this.contentOf(file, contents) })))
  }

  /** Those of another project come. */
  clear(): void {
    this.contents.clear()
    this.unload()
  }

  /** The worker that had read them was ended. */
  unload(): void {
    this.loaded = false
    this.bound = ''
  }

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
    if (added.length > 0) await this.replace(added)
  }

  /** `image`: its rows are the pixels of a picture. */
  async addText(
    name: string,
    text: string,
    image: Picture | null = null,
    mapping: ColumnChoice = NO_CHOICE,
  ): Promise<void> {
    this.contents.set(name, text)
    const small = text.length <= MOST_KEPT
    const file: ProjectFile = small
      ? { kind: 'text', name, text, ...(image === null ? {} : { image }) }
      : { kind: 'local', name, bytes: text.length }
    await this.replace([file], mapping)
  }

  /** New data takes the place of what was there, and of the columns that were chosen for it. */
  async replace(files: readonly ProjectFile[], mapping: ColumnChoice = NO_CHOICE): Promise<void> {
    const { store } = this.desk
    store.dispatch({ kind: 'files', files })
    store.dispatch({ kind: 'controls', controls: mapping })
    this.loaded = false
    await this.read()
    await this.bind()
  }

  async read(): Promise<void> {
    const { store, fitter } = this.desk
    const { files } = store.state.project
    store.dispatch({ kind: 'reading' })
    try {
      const given = await Promise.all(
        files.map(async (file) => ({ name: file.name, content: await this.contentOf(file) })),
      )
      const transfer = given.flatMap(({ content }) => (content instanceof Uint8Array ? [content.buffer] : []))
      const { files: read, complaints } = await fitter.call('load', { files: given }, transfer)
      if (store.state.project.files !== files) return
      this.loaded = true
      store.dispatch({ kind: 'read', files: read, complaints })
    } catch (error) {
      store.dispatch({ kind: 'read', files: [], complaints: complaintsIn(error) })
    }
  }

  private async contentOf(
    file: ProjectFile,
    contents: FilesThen['contents'] = this.contents,
  ): Promise<string | Uint8Array<ArrayBuffer>> {
    const known = contents.get(file.name)
    if (known instanceof Blob) return new Uint8Array(await known.arrayBuffer())
    if (known !== undefined) return known
    if (file.kind === 'text') return file.text
    if (file.kind === 'local')
      throw new Refused([plain(`${file.name} is not kept with the project: choose the file again`)])
    const text = await this.gallery.fileOf(file.example, file.name)
    if (text === null) throw new Refused([plain(`the gallery has no file ${file.name} of ${file.example}`)])
    this.contents.set(file.name, text)
    return text
  }

  /** The files as they were given. */
  givenFiles(): Promise<readonly { readonly name: string; readonly content: Uint8Array<ArrayBuffer> }[]> {
    return Promise.all(
      this.desk.state.project.files.map(async (file) => {
        const content = await this.contentOf(file)
        return { name: file.name, content: typeof content === 'string' ? new TextEncoder().encode(content) : content }
      }),
    )
  }

  async bind(): Promise<void> {
    const { store, fitter } = this.desk
    const s = store.state
    const { controls, source } = s.project
    if (s.compiled?.model == null || s.compiledRevision !== s.revision.source || !this.loaded) return
    const key = `${basisOf(s)} ${JSON.stringify([...controls.set])}`
    if (this.bound === key) return
    this.bound = key
    try {
      const binding = await fitter.call('bind', { source, controls })
      if (this.bound === key) store.dispatch({ kind: 'bound', binding: await this.withPicture(binding) })
    } catch (error) {
      if (this.bound === key && !(error instanceof Ended))
        store.dispatch({ kind: 'unbound', complaints: complaintsIn(error) })
    }
  }

  /** Rows that are the pixels of a picture say so, so that they are drawn as one. */
  private async withPicture(binding: BindingView): Promise<BindingView> {
    const image = await this.pictureOf(this.desk.state.project.files[0])
    if (image === null) return binding
    const isIt = (a: ArrayView): boolean => a.shape.length === 2 && a.shape[0] === image.width * image.height
    return { ...binding, data: binding.data.map((a) => (isIt(a) ? { ...a, image } : a)) }
  }

  private async pictureOf(file: ProjectFile | undefined): Promise<Picture | null> {
    if (file?.kind === 'text') return file.image ?? null
    return file?.kind === 'example' ? this.gallery.pictureOf(file.example, file.name) : null
  }
}

/** The text of a file in UTF-8; null where it is something else, which the worker's reader knows. */
async function textOf(file: File): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
  } catch {
    return null
  }
}
