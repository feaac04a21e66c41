/** The project in the browser's own store, so that nothing is lost when the page is closed. Nothing is run when it is opened. */
import { type Project, plainControls } from './project.js'
import { projectFromJson, projectToJson } from './project-json.js'

const KEY = 'estep.project'
/** Characters that are kept; larger data is asked for again. */
const MOST = 2_000_000

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** null where the browser keeps nothing. */
function shelf(): Shelf | null {
  try {
    return globalThis.localStorage
  } catch {
    return null
  }
}

export function saveProject(project: Project, at: Shelf | null = shelf()): void {
  const text = JSON.stringify(projectToJson(project))
  const small = text.length <= MOST ? text : JSON.stringify(projectToJson({ ...project, files: [] }))
  try {
    at?.setItem(KEY, small)
  } catch {
    // a full store keeps what it has
  }
}

export function savedProject(at: Shelf | null = shelf()): Project | null {
  try {
    const text = at?.getItem(KEY) ?? null
    return text === null ? null : projectFromJson(JSON.parse(text), plainControls)
  } catch {
    return null
  }
}

export function forgetProject(at: Shelf | null = shelf()): void {
  at?.removeItem(KEY)
}
