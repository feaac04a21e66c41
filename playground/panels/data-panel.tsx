/** Data: drop, paste or choose a file; what was read; which columns the model takes. */

import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import type { State } from '../session/state.js'
import { ScrollRegion } from '../ui/scroll-region.js'
import type { ColumnPreview, Complaint, FilePreview } from '../workers/messages.js'
import { ColumnMapping } from './column-mapping.js'
import { DrawData } from './draw-data.js'
import { ImageInput } from './image-input.js'
import { takeFiles } from './take-files.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

export function DataPanel({ state, controller }: Props) {
  return (
    <section aria-label="Data files" class="data">
      <div class="choose">
        <label class="button">
          Choose a file
          <input
            type="file"
            multiple
            class="aside"
            accept=".csv,.tsv,.tab,.json,.txt,text/csv,application/json"
            onChange={(e) => {
              void takeFiles(controller, [...(e.currentTarget.files ?? [])])
              e.currentTarget.value = ''
            }}
          />
        </label>
        <PasteData onText={(text) => void controller.files.addText('pasted data', text)} />
        <ImageInput state={state} controller={controller} />
        <p class="hint">or drop it on the page: CSV, TSV or JSON. It stays in this browser.</p>
      </div>
      <DrawData state={state} controller={controller} />
      {state.reading && <p class="busy">Reading …</p>}
      <Complaints list={state.fileComplaints} />
      {state.files.map((file) => (
        <FileTable key={file.name} file={file} state={state} />
      ))}
      {!state.reading && state.files.length === 0 && (
        <p class="hint">
          {(state.compiled?.model?.facts.data.length ?? 1) === 0 ? 'The model needs no data.' : 'There is no data yet.'}
        </p>
      )}
      <Complaints list={isUnread(state) ? [] : state.bindComplaints} />
      <Complaints list={state.binding?.warnings ?? []} kind="warning" />
      {state.compiled?.model != null && state.files.length > 0 && (
        <ColumnMapping state={state} controller={controller} />
      )}
    </section>
  )
}

/** No file could be read: that there is no data says nothing new. */
const isUnread = ({ files, fileComplaints }: State): boolean => files.length === 0 && fileComplaints.length > 0

const MOST_COMPLAINTS = 8

interface ComplaintsProps {
  readonly list: readonly Complaint[]
  readonly kind?: string
  readonly label?: string
}

export function Complaints({ list, kind = 'error', label = 'Problems of the data' }: ComplaintsProps) {
  if (list.length === 0) return null
  return (
    <ul class="diagnostics" aria-label={label}>
      {list.slice(0, MOST_COMPLAINTS).map((c) => (
        <li key={c.message} class={kind}>
          <p>{c.message}</p>
          {c.help !== null && <p class="help">{c.help}</p>}
        </li>
      ))}
      {list.length > MOST_COMPLAINTS && <li class="hint">and {list.length - MOST_COMPLAINTS} more</li>}
    </ul>
  )
}

function PasteData({ onText }: { readonly onText: (text: string) => void }) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  if (!open)
    return (
      <button type="button" onClick={() => setOpen(true)}>
        Paste data
      </button>
    )
  return (
    <form
      class="paste"
      onSubmit={(e) => {
        e.preventDefault()
        if (text.trim() === '') return
        onText(text)
        setOpen(false)
        setText('')
      }}
    >
      <label>
        A table with a header
        <textarea
          rows={6}
          value={text}
          placeholder={'x,y\n1.2,3\n0.7,4'}
          onInput={(e) => setText(e.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={text.trim() === ''}>
        Use it
      </button>
      <button type="button" onClick={() => setOpen(false)}>
        Cancel
      </button>
    </form>
  )
}

const HEAD = 8

function FileTable({ file, state }: { readonly file: FilePreview; readonly state: State }) {
  const [more, setMore] = useState(false)
  const rows = file.head.slice(0, more ? file.head.length : HEAD)
  const missing = file.columns.reduce((n, c) => n + c.missing, 0)
  return (
    <section class="file" aria-label={file.name}>
      <h2>
        {file.name}
        <span class="hint">
          {count(file.rows, 'row')}, {count(file.columns.length, 'column')}
          {missing > 0 && `, ${count(missing, 'missing cell')}`}
        </span>
      </h2>
      {file.arrays.length > 0 && (
        <p class="hint">Arrays: {file.arrays.map((a) => `${a.name} [${a.shape.join(', ')}]`).join('; ')}</p>
      )}
      {file.columns.length > 0 && (
        <ScrollRegion label={`Rows of ${file.name}`}>
          <table class="rows">
            <thead>
              <tr>
                <th scope="col" class="row-number">
                  <span class="aside">row</span>
                </th>
                {file.columns.map((c) => (
                  <th scope="col" key={c.name}>
                    <ColumnHead column={c} use={usesOf(c.name, state)} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, r) => (
                <tr key={r}>
                  <td class="row-number">{r + 1}</td>
                  {row.map((cell, i) => (
                    <td key={file.columns[i]?.name} class={cell === null ? 'missing' : ''}>
                      {cell ?? 'missing'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {file.head.length > HEAD && (
        <button type="button" class="quiet" onClick={() => setMore(!more)}>
          {more ? 'Fewer rows' : `Show ${file.head.length} rows`}
        </button>
      )}
    </section>
  )
}

function ColumnHead({ column, use }: { readonly column: ColumnPreview; readonly use: readonly string[] }) {
  return (
    <>
      <span class="column-name">{column.name}</span>
      <span class="column-type">
        {column.type}
        {column.missing > 0 && `, ${column.missing} missing`}
      </span>
      <span class={use.length === 0 ? 'column-use unused' : 'column-use'}>
        {use.length === 0 ? 'not used' : use.join(', ')}
      </span>
    </>
  )
}

/** Names of the model that take a column. */
function usesOf(column: string, { binding }: State): readonly string[] {
  return (binding?.data ?? []).flatMap(({ name, columns }) => {
    const at = columns.indexOf(column)
    return at < 0 ? [] : [columns.length === 1 ? name : `${name}[·, ${at + 1}]`]
  })
}

export const count = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
