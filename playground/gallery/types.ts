/** The gallery: the examples of the project as static files beside the page. */
import type { ControlsJson } from '../session/project-json.js'

export interface GalleryIndex {
  readonly examples: readonly GalleryExample[]
}

export interface GalleryExample {
  /** Its folder. */
  readonly id: string
  readonly title: string
  /** First paragraph of its page. */
  readonly summary: string
  /** Files that an item may name, beside its models. */
  readonly files: readonly string[]
  /** Tables whose rows are the pixels of a picture. */
  readonly pictures: readonly { readonly name: string; readonly width: number; readonly height: number }[]
  readonly items: readonly GalleryItem[]
}

/** One fit of an example, and the figure that was published for it. */
export interface GalleryItem {
  /** `full.estep, K = 3`. */
  readonly label: string
  readonly model: string
  readonly data: readonly string[]
  readonly controls: ControlsJson
  readonly expect: {
    readonly logLikelihood: number
    readonly tolerance: number
    readonly objective: number | null
  }
  /** Where the figure comes from. */
  readonly source: string
}

/** What the page opens with: it lies in the page's script. */
export interface Opening {
  readonly example: string
  readonly source: string
  readonly file: { readonly name: string; readonly text: string }
  /** The data as it will be bound, so that it is drawn before anything else has come. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly number[])[]
}
