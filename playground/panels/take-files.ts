/** Files that were dropped or chosen: tables become the data, a picture becomes the pixels of a model that takes colours. */
import type { Controller } from '../session/controller.js'
import type { Picture } from '../session/project.js'
import type { State } from '../session/state.js'

/** Pixels beyond which a picture is made smaller. */
const MOST_PIXELS = 60_000

export const isPicture = (file: File): boolean => file.type.startsWith('image/')

/** The model has an array of three columns. */
export const takesPictures = ({ compiled }: State): boolean =>
  (compiled?.model?.facts.data ?? []).some((d) => /\[\w+, 3\]/.test(d.type))

export async function takeFiles(controller: Controller, files: readonly File[]): Promise<void> {
  const picture = files.find(isPicture)
  const tables = files.filter((f) => !isPicture(f))
  if (picture !== undefined && tables.length === 0) await takePicture(controller, picture)
  else if (tables.length > 0) await controller.files.addFiles(tables)
}

export async function takePicture(controller: Controller, file: File): Promise<void> {
  const say = (text: string): void =>
    controller.store.dispatch({ kind: 'notice', notice: { kind: 'error', text, help: null } })
  if (!takesPictures(controller.state)) {
    say(
      `${file.name} is a picture, and this model takes none: it would need data of three columns, red, green and blue, as the example of segmentation has.`,
    )
    return
  }
  try {
    const { text, width, height } = await pixelsOf(file)
    await controller.files.addText(`${file.name}.csv`, text, { width, height })
  } catch {
    say(`${file.name} is no picture that this browser can read.`)
  }
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
