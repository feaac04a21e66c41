import { useState } from 'preact/hooks'
import type { GalleryExample, GalleryItem } from '../gallery/types.js'
import type { Controller } from '../session/controller.js'
import { Dialog } from '../ui/dialog.js'
import { Markdown } from '../ui/markdown.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly controller: Controller
  /** The example that is open now. */
  readonly example: string | null
  readonly onClose: () => void
}

/** The examples, each with its page, its models and the figures that were published for them. */
export function GalleryDialog({ controller, example, onClose }: Props) {
  const [chosen, setChosen] = useState(example)
  const [search, setSearch] = useState('')
  const index = useAnswer(() => controller.gallery.index(), [])
  const all = index.value?.examples ?? []
  const words = search.toLowerCase().split(/\s+/)
  const found = all.filter((e) => words.every((w) => `${e.id} ${e.title} ${e.summary}`.toLowerCase().includes(w)))
  const open = all.find((e) => e.id === chosen) ?? null
  return (
    <Dialog title="Gallery" onClose={onClose}>
      <div class="gallery">
        <div class="gallery-list">
          <label>
            <span class="aside">Search the gallery</span>
            <input
              type="search"
              placeholder="Search"
              value={search}
              onInput={(e) => setSearch(e.currentTarget.value)}
            />
          </label>
          {index.error !== null && <p class="empty">The gallery could not be read: {index.error}</p>}
          <ul>
            {found.map((e) => (
              <li key={e.id}>
                <button type="button" aria-current={e.id === chosen} onClick={() => setChosen(e.id)}>
                  <strong>{e.title}</strong>
                  <span>{e.summary}</span>
                </button>
              </li>
            ))}
            {found.length === 0 && index.value !== null && <li class="hint">Nothing fits.</li>}
          </ul>
        </div>
        {open === null ? (
          <p class="empty">Choose an example.</p>
        ) : (
          <ExamplePage
            key={open.id}
            example={open}
            controller={controller}
            onOpen={(item) => void controller.openItem(open, item, onClose)}
          />
        )}
      </div>
    </Dialog>
  )
}

interface PageProps {
  readonly example: GalleryExample
  readonly controller: Controller
  readonly onOpen: (item: GalleryItem) => void
}

function ExamplePage({ example, controller, onOpen }: PageProps) {
  const page = useAnswer(() => controller.gallery.page(example), [example.id])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section class="gallery-page" tabIndex={0} aria-label={example.title}>
      <ul class="items">
        {example.items.map((item) => (
          <li key={item.label}>
            <button type="button" onClick={() => onOpen(item)}>
              Open <span class="item-label">{item.label}</span>
            </button>
          </li>
        ))}
      </ul>
      {page.value !== null && <Markdown text={page.value} />}
    </section>
  )
}
