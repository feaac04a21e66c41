import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { BoundPanel } from './panels/bound/bound-panel.js'
import { ChoosePanel } from './panels/choose/choose-panel.js'
import { CodePanel } from './panels/code-panel.js'
import { DataPanel } from './panels/data-panel.js'
import { DerivationPanel } from './panels/derivation-panel.js'
import { GalleryDialog } from './panels/gallery-dialog.js'
import { ModelPanel } from './panels/model-panel.js'
import { NumbersPanel } from './panels/numbers-panel.js'
import { RunBar } from './panels/run-bar.js'
import { SeePanel } from './panels/see/see-panel.js'
import { ShareDialog } from './panels/share-dialog.js'
import { takeFiles } from './panels/take-files.js'
import type { Controller } from './session/controller.js'
import type { Area } from './session/project.js'
import { lastStepSpan, runViews, type State } from './session/state.js'
import { useStore } from './session/store.js'
import type { FitView } from './session/view.js'
import { Header } from './ui/header.js'
import { useMedia } from './ui/media.js'
import { type Tab, TabPanel, Tabs } from './ui/tabs.js'

interface Props {
  readonly controller: Controller
  readonly onReset: () => void
}

const NAMES: { readonly [A in Area]: string } = {
  model: 'Model',
  data: 'Data',
  code: 'Code',
  see: 'See',
  bound: 'Bound',
  derivation: 'Derivation',
  numbers: 'Numbers',
  choose: 'Choose',
}

/** Areas side by side, by the width there is; those of one column are tabs. */
function layoutOf(wide: boolean, medium: boolean, presenting: boolean): readonly (readonly Area[])[] {
  if (presenting && medium)
    return [
      ['model', 'data', 'code'],
      ['see', 'numbers'],
      ['derivation', 'bound', 'choose'],
    ]
  if (wide) return [['model', 'data', 'code'], ['see'], ['bound', 'derivation', 'numbers', 'choose']]
  if (medium)
    return [
      ['model', 'data', 'code'],
      ['see', 'bound', 'derivation', 'numbers', 'choose'],
    ]
  return [['see', 'model', 'data', 'bound', 'derivation', 'numbers', 'choose', 'code']]
}

export function App({ controller, onReset }: Props) {
  const state = useStore(controller.store)
  const wide = useMedia('(min-width: 1240px)')
  const medium = useMedia('(min-width: 760px)')
  const dark = useMedia('(prefers-color-scheme: dark)')
  const [over, setOver] = useState(false)
  const [dialog, setDialog] = useState<'gallery' | 'share' | null>(null)
  const [recent, setRecent] = useState<readonly Area[]>([state.project.area])
  const [reveal, setReveal] = useState<{ readonly offset: number } | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const layout = layoutOf(wide, medium, state.presenting)

  const open = useCallback(
    (area: Area) => {
      setRecent((old) => [area, ...old.filter((a) => a !== area)])
      controller.openArea(area)
    },
    [controller],
  )
  useEffect(
    () => setRecent((old) => [state.project.area, ...old.filter((a) => a !== state.project.area)]),
    [state.project.area],
  )
  const goTo = useCallback(
    (offset: number) => {
      open('model')
      setReveal({ offset })
    },
    [open],
  )
  const view = useFitView(state)
  const show = useCallback(
    (run: number, iterate: number) => void controller.runs.show(run, 2 * iterate + 1),
    [controller],
  )

  // charts are drawn anew only where what they show has changed, not with every message of a fit
  const see = useMemo(
    () => <SeePanel view={view} queries={controller.runs.queries} onScrub={show} />,
    [view, controller, show],
  )
  const bound = useMemo(
    () => <BoundPanel view={view} queries={controller.runs.queries} onScrub={show} />,
    [view, controller, show],
  )

  const panelOf = (area: Area) => {
    switch (area) {
      case 'model':
        return (
          <ModelPanel
            state={state}
            controller={controller}
            dark={dark}
            highlight={lastStepSpan(state)}
            reveal={reveal}
            onReveal={goTo}
            onCursor={setCursor}
          />
        )
      case 'data':
        return <DataPanel state={state} controller={controller} />
      case 'code':
        return <CodePanel state={state} controller={controller} />
      case 'see':
        return see
      case 'bound':
        return bound
      case 'derivation':
        return <DerivationPanel state={state} controller={controller} cursor={cursor} onReveal={goTo} />
      case 'numbers':
        return <NumbersPanel state={state} controller={controller} />
      case 'choose':
        return <ChoosePanel state={state} controller={controller} />
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are dropped anywhere; the button of Data does it by keys
    <div
      class={`app${state.presenting ? ' presenting' : ''}${over ? ' is-over' : ''}`}
      onDragOver={(e) => {
        if (e.dataTransfer?.types.includes('Files') !== true) return
        e.preventDefault()
        setOver(true)
      }}
      onDragLeave={(e) => {
        if (e.relatedTarget === null) setOver(false)
      }}
      onDrop={(e) => {
        const files = [...(e.dataTransfer?.files ?? [])]
        setOver(false)
        if (files.length === 0) return
        e.preventDefault()
        open('data')
        void takeFiles(controller, files)
      }}
    >
      <a class="skip" href="#see">
        Skip to the picture
      </a>
      <Header
        state={state}
        onGallery={() => setDialog('gallery')}
        onShare={() => setDialog('share')}
        onPresent={() => controller.store.dispatch({ kind: 'present', on: !state.presenting })}
        onReset={onReset}
      />
      <RunBar state={state} controller={controller} />
      <Notice state={state} controller={controller} />
      <main class={`columns columns-${layout.length}`} id="see">
        {layout.map((areas, i) => {
          const active = recent.find((a) => areas.includes(a)) ?? areas[0] ?? 'see'
          const tabs = areas.map((id): Tab<Area> => ({ id, label: NAMES[id], mark: markOf(id, state) }))
          return (
            <Tabs key={areas[0]} label={SLOTS[i] ?? 'Areas'} tabs={tabs} active={active} onOpen={open}>
              {areas.map((id) => (
                <TabPanel key={id} id={id} label={NAMES[id]} hidden={id !== active} alone={areas.length === 1}>
                  {(id === active || id === 'model') && panelOf(id)}
                </TabPanel>
              ))}
            </Tabs>
          )
        })}
      </main>
      <p class="aside" role="status" aria-live="polite">
        {state.said}
      </p>
      {dialog === 'gallery' && (
        <GalleryDialog controller={controller} example={state.project.example} onClose={() => setDialog(null)} />
      )}
      {dialog === 'share' && <ShareDialog controller={controller} onClose={() => setDialog(null)} />}
    </div>
  )
}

const SLOTS = ['Model and data', 'See', 'Why it works']

/** What wants to be looked at in an area that may be behind another. */
function markOf(area: Area, state: State): string | null {
  if (area === 'model' && state.compiled?.model === null) return 'has errors'
  if (area === 'data' && state.bindComplaints.length + state.fileComplaints.length > 0) return 'has problems'
  return null
}

function useFitView(state: State): FitView {
  return useMemo(() => {
    const shown = state.runs.find((r) => r.run.id === state.shown)
    const runs = runViews(state)
    return {
      model: state.compiled?.model?.facts.name ?? '',
      data: shown?.data ?? state.binding?.data ?? state.opening,
      runs,
      shown: state.shown ?? -1,
      beside: state.beside,
    }
  }, [state.runs, state.shown, state.beside, state.binding, state.revision, state.opening, state.compiled])
}

function Notice({ state, controller }: { readonly state: State; readonly controller: Controller }) {
  const { notice } = state
  if (notice === null) return null
  return (
    <div class={`notice notice-${notice.kind}`} role="alert">
      <p>
        {notice.text}
        {notice.help !== null && <span class="help"> {notice.help}</span>}
      </p>
      <button type="button" class="quiet" onClick={() => controller.store.dispatch({ kind: 'notice', notice: null })}>
        Dismiss
      </button>
    </div>
  )
}
