/** A picture as data: a row for each pixel, its colour in three columns. */
import type { Controller } from '../session/controller.js'
import type { Picture } from '../session/project.js'
import type { State } from '../session/state.js'

/** Pixels beyond which a picture is made smaller. */
const MOST_PIXELS = 60_000

export const isPicture = (file: File): boolean => file.type.startsWith('image/')

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** Offered where the model has an array of three columns. */
export function ImageInput({ state, controller }: Props) {
  const takes = (state.compiled?.model?.facts.data ?? []).some((d) => /\[\w+, 3\]/.test(d.type))
  if (!takes) return null
  const take = async (file: File): Promise<void> => {
    try {
      const { text, width, height } = await pixelsOf(file)
      await controller.files.addText(`${file.name}.csv`, text, { width, height })
    } catch {
      controller.store.dispatch({
        kind: 'notice',
        notice: { kind: 'error', text: `${file.name} is no picture that this browser can read.`, help: null },
      })
    }
  }
  return (
    <label class="button">
      Choose a picture
      <input
        type="file"
        class="aside"
        accept="image/*"
        onChange={(e) => {
          const [file] = e.currentTarget.files ?? []
          if (file !== undefined) void take(file)
          e.currentTarget.value = ''
        }}
      />
    </label>
  )
}

async function pixelsOf(file: File): Promise<Picture & { readonly text: string }> {
  const picture = await createImageBitmap(file)
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (picture.width * picture.height)))
  const [width, height] = [
    Math.max(1, Math.round(picture.width * scale)),
    Math.max(1, Math.round(picture.height * scale)),
  ]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('no canvas')
  context.drawImage(picture, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  const lines = ['r,g,b']
  for (let i = 0; i < data.length; i += 4) lines.push(`${data[i]},${data[i + 1]},${data[i + 2]}`)
  return { text: `${lines.join('\n')}\n`, width, height }
}
