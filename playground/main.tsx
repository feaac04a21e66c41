import { opening } from 'virtual:opening'
import { render } from 'preact'
import { App } from './app.js'
import { forgetProject, savedProject } from './session/autosave.js'
import { Controller } from './session/controller.js'
import { type Project, plainControls } from './session/project.js'
import { unpackProject } from './session/share-link.js'
import type { ArrayView } from './session/view.js'
import './styles/page.css'

const example: Project = {
  example: opening.example,
  source: opening.source,
  files: [{ kind: 'text', ...opening.file }],
  controls: plainControls,
  iteration: null,
  area: 'see',
}

/** The data of that example, drawn before a worker has read it. */
const openingData: readonly ArrayView[] = [
  {
    name: 'x',
    element: 'real',
    shape: [opening.rows.length, opening.columns.length],
    lengths: null,
    columns: opening.columns,
    values: Float64Array.from(opening.rows.flat()),
    levels: null,
    observed: true,
    missing: 0,
  },
]

async function fetchText(path: string): Promise<string> {
  const response = await fetch(new URL(path, document.baseURI))
  if (!response.ok) throw new Error(`${path} could not be read (${response.status})`)
  return response.text()
}

/** What `estep play MODEL --data FILE` gives the page to open; null where there is nothing. */
async function openedProject(): Promise<{ readonly project: Project; readonly files: readonly File[] } | null> {
  const path = document.querySelector('meta[name="estep-opened"]')?.getAttribute('content')
  if (path == null) return null
  const opened = JSON.parse(await fetchText(path)) as { readonly source: string; readonly files: readonly string[] }
  const files = await Promise.all(
    opened.files.map(async (name, i) => new File([await (await fetch(`opened/${i}`)).blob()], name)),
  )
  return { project: { ...example, example: null, source: opened.source, files: [] }, files }
}

async function start(): Promise<void> {
  const root = document.getElementById('app')
  if (root === null) return
  const shared = await unpackProject(location.hash.slice(1))
  const opened = shared.kind === 'none' ? await openedProject() : null
  const saved = shared.kind === 'none' && opened === null ? savedProject() : null
  const project = shared.kind === 'project' ? shared.project : (opened?.project ?? saved ?? example)
  const isExample = project.source === example.source && project.files[0]?.name === opening.file.name
  const controller = new Controller(
    project,
    {
      compile: () => new Worker(new URL('./workers/compile-worker.ts', import.meta.url), { type: 'module' }),
      fit: () => new Worker(new URL('./workers/fit-worker.ts', import.meta.url), { type: 'module' }),
      fetchText,
    },
    isExample ? openingData : [],
  )
  if (shared.kind === 'refused')
    controller.store.dispatch({ kind: 'notice', notice: { kind: 'error', text: shared.message, help: null } })
  const reset = (): void => {
    forgetProject()
    history.replaceState(null, '', location.pathname + location.search)
    void controller.reset(example)
  }
  render(<App controller={controller} onReset={reset} />, root)
  await controller.begin()
  if (opened !== null) await controller.files.addFiles(opened.files)
}

void start()
