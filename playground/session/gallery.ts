/** The examples that lie beside the page. */
import type { GalleryExample, GalleryIndex, GalleryItem } from '../gallery/types.js'
import type { Hosts } from './desk.js'
import { type Picture, type Project, plainControls } from './project.js'
import { controlsFromJson } from './project-json.js'

export class Gallery {
  private known: Promise<GalleryIndex> | null = null

  constructor(private readonly hosts: Hosts) {}

  index(): Promise<GalleryIndex> {
    this.known ??= this.hosts.fetchText('gallery/index.json').then((text) => JSON.parse(text) as GalleryIndex)
    return this.known
  }

  /** The page of an example. */
  page(example: GalleryExample): Promise<string> {
    return this.hosts.fetchText(`gallery/${example.id}/README.md`)
  }

  async projectOf(example: GalleryExample, item: GalleryItem): Promise<Project> {
    const source = await this.hosts.fetchText(`gallery/${example.id}/${item.model}`)
    return {
      example: example.id,
      source,
      files: item.data.map((name) => ({ kind: 'example', example: example.id, name })),
      controls: controlsFromJson(item.controls, plainControls),
      iteration: null,
      area: 'see',
    }
  }

  /** A file of an example; null where the gallery has none of this name. */
  async fileOf(id: string, name: string): Promise<string | null> {
    const { examples } = await this.index()
    const known = examples.find((e) => e.id === id)?.files.includes(name) === true
    return known ? this.hosts.fetchText(`gallery/${id}/${name}`) : null
  }

  async pictureOf(id: string, name: string): Promise<Picture | null> {
    const { examples } = await this.index()
    return examples.find((e) => e.id === id)?.pictures?.find((p) => p.name === name) ?? null
  }
}
