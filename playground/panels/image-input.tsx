/** A picture as data: a row for each pixel, its colour in three columns. */
import type { Controller } from '../session/controller.js'
import type { State } from '../session/state.js'
import { takePicture, takesPictures } from './take-files.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** Offered where the model has an array of three columns. */
export function ImageInput({ state, controller }: Props) {
  if (!takesPictures(state)) return null
  return (
    <label class="button">
      Choose a picture
      <input
        type="file"
        class="aside"
        accept="image/*"
        onChange={(e) => {
          const [file] = e.currentTarget.files ?? []
          if (file !== undefined) void takePicture(controller, file)
          e.currentTarget.value = ''
        }}
      />
    </label>
  )
}
