/** A fit as one HTML file that needs nothing else: no script runs in it, and nothing is loaded. */
import type { DerivationDocument } from '../../compiler/derivation/document.js'
import type { ParamLayout } from '../../runtime/contract.js'
import type { DataDeclaration } from '../../runtime/data/types.js'
import { objectEntries } from '../../runtime/json.js'
import type { FitResult, IterateEntry } from '../../runtime/result.js'
import { applyStartValues } from '../../runtime/start-values.js'
import { version } from '../../version.js'
import { fixed } from '../charts/format.js'
import type { View } from '../charts/views.js'
import { OptionError } from '../errors.js'
import type { Bound } from '../frozen.js'
import { residualsOf } from '../residuals.js'
import { startsTable, traceFigure } from './course.js'
import { histogramPictures, levelPictures, type Picture, scatterPicture } from './data-pictures.js'
import { headline, planTable, provenance, warnings } from './facts.js'
import { type Child, type Html, h, made, textOf } from './html.js'
import { intervalPictures, pathPictures, vectorPictures } from './latent-pictures.js'
import { derivedTable, parameterTables } from './parameters.js'
import { figure } from './plot.js'
import { posteriorTables } from './posterior-summary.js'
import { residualPictures, residualTables } from './residual-pictures.js'
import { Shown } from './shown.js'
import { STYLES } from './styles.js'

export interface ReportOptions {
  /** Iterates to be drawn, from 0: of a fit with `trace`. */
  readonly frames?: readonly number[]
  /** KaTeX's style sheet with its fonts inside. Without it formulas are MathML alone, which browsers lay out themselves. */
  readonly katexStyles?: string
}

export interface ReportRequest extends ReportOptions {
  readonly result: FitResult
  readonly layout: readonly ParamLayout[]
  readonly derivation: DerivationDocument
  readonly declarations: readonly DataDeclaration[]
  /** The model over the data that pictures are made of; null where there are none. */
  readonly bound: Pick<Bound, 'model' | 'data'> | null
  /** Flat params over these data. */
  readonly params: Float64Array | null
  readonly traces: readonly (readonly number[])[] | null
  /** Why there are no pictures, where there are none. */
  readonly withoutData: string
}

/** Frames are pictures: more of them are a film. */
const MOST_FRAMES = 60

/** Cells of an array that residuals are drawn of. */
const MOST_CELLS = 5000

interface Section {
  readonly id: string
  readonly title: string
  readonly content: readonly Child[]
}

/** @throws OptionError where a frame is no iterate of the fit */
export function reportOf(request: ReportRequest): string {
  const { result, bound, params, derivation, katexStyles } = request
  let ids = 0
  const nextId = (): string => `fig-${++ids}`
  const drawn = (picture: Picture): Html => figure({ ...picture, plot: { ...picture.plot, id: nextId() } })
  const shown = bound === null || params === null ? null : new Shown(bound, request.declarations)
  const point = shown === null || params === null ? null : shown.at(params)
  const trace = traceFigure(result, request.traces, nextId())
  const pictures =
    shown === null || point === null ? [] : shown.views(point).flatMap((view) => picturesOf(shown, point, view))
  const residuals =
    bound === null || params === null
      ? []
      : residualsOf(bound.model, bound.data, request.declarations, params, result.seed, MOST_CELLS)
  const source = objectEntries(result)?.get('source')
  const sections: readonly Section[] = [
    { id: 'warnings', title: 'Warnings', content: [warnings(result)] },
    {
      id: 'parameters',
      title: 'Parameters',
      content: [...parameterTables(result, request.layout), derivedTable(result)],
    },
    {
      id: 'pictures',
      title: 'Data and fit',
      content: orNote(
        pictures.map(drawn),
        shown === null ? request.withoutData : 'There is no picture for data of this kind.',
      ),
    },
    {
      id: 'latents',
      title: 'Latents',
      content: orNote(
        point === null ? [] : posteriorTables(point.latents),
        point === null ? request.withoutData : 'The model has none.',
      ),
    },
    {
      id: 'residuals',
      title: 'Residuals',
      content: orNote(
        [...residualPictures(residuals).map(drawn), ...residualTables(residuals)],
        shown === null ? request.withoutData : 'The model gives no cell of data a distribution.',
      ),
    },
    { id: 'course', title: 'How the fit went', content: [trace === null ? null : figure(trace), startsTable(result)] },
    ...(request.frames === undefined ? [] : [framesSection(request, shown, request.frames, nextId)]),
    {
      id: 'derivation',
      title: 'Derivation',
      content: [
        planTable(result),
        made(derivation.toSections({ ...(katexStyles === undefined ? {} : { katexStyles }), level: 3 })),
      ],
    },
    { id: 'model', title: 'Model', content: typeof source === 'string' ? [sourceOf(source)] : [] },
    { id: 'origin', title: 'How it was fitted', content: [provenance(result, version)] },
  ]
  return page(
    result,
    sections.filter(({ content }) => content.some((c) => c !== null)),
    katexStyles ?? '',
  )
}

const orNote = (content: readonly Html[], note: string): readonly Child[] =>
  content.length > 0 ? content : [h('p', { class: 'quiet' }, note)]

const sourceOf = (source: string): Html => h('pre', {}, h('code', {}, source))

function picturesOf(shown: Shown, point: ReturnType<Shown['at']>, view: View): readonly Picture[] {
  switch (view.kind) {
    case 'scatter':
      return scatterPicture(shown, point, view)
    case 'histogram':
      return histogramPictures(shown, point, view)
    case 'bars':
      return levelPictures(shown, point, view)
    case 'path':
      return pathPictures(point, view)
    case 'intervals':
      return intervalPictures(point, view)
    case 'scores':
      return vectorPictures(point, view)
    // tables say the same
    case 'counts':
    case 'responsibilities':
    case 'params':
    case 'image':
      return []
  }
}

/** The first picture at iterates of the fit. */
function framesSection(
  { result, bound }: ReportRequest,
  shown: Shown | null,
  frames: readonly number[],
  nextId: () => string,
): Section {
  const iterates = result.iterates
  if (iterates === undefined)
    throw new OptionError('the fit has no iterates to draw: fit it again with trace (--trace)')
  if (frames.length > MOST_FRAMES)
    throw new OptionError(`a report has at most ${MOST_FRAMES} frames, not ${frames.length}`)
  if (shown === null || bound === null) throw new OptionError('pictures of iterates need the data')
  const content = frames.map((t) => {
    const iterate = iterates[t]
    if (iterate === undefined)
      throw new OptionError(`there is no iterate ${t}: the fit has those from 0 to ${iterates.length - 1}`)
    return frameOf(iterate, shown, bound, nextId)
  })
  return { id: 'frames', title: 'Iterates', content: [h('div', { class: 'frames' }, ...content)] }
}

function frameOf(iterate: IterateEntry, shown: Shown, { model }: Pick<Bound, 'model'>, nextId: () => string): Html {
  const values = new Map<string, unknown>(Object.entries(iterate.params))
  const { params, problems } = applyStartValues(
    model,
    values,
    model.interior(() => 0.5),
  )
  if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('; '))
  const point = shown.at(params)
  const title = `Iteration ${iterate.iteration}`
  const objective = `objective ${fixed(Number(iterate.objective), 4)}`
  for (const view of shown.views(point)) {
    const [picture] = picturesOf(shown, point, view)
    if (picture === undefined) continue
    return figure({
      title,
      summary: `${objective[0]?.toUpperCase()}${objective.slice(1)}. ${picture.title}: ${picture.summary}`,
      ...(picture.legend === undefined ? {} : { legend: picture.legend }),
      plot: { ...picture.plot, id: nextId() },
    })
  }
  return h('p', {}, `${title}: ${objective}.`)
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"

function page(result: FitResult, sections: readonly Section[], katexStyles: string): string {
  const title = `${result.model}: report of a fit`
  const document = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', {}, title),
      h('style', {}, made(STYLES + katexStyles)),
    ),
    h(
      'body',
      {},
      h('a', { href: '#main', class: 'skip' }, 'To the content'),
      h(
        'header',
        {},
        h('h1', {}, result.model),
        h('p', { class: 'quiet' }, `Report of a fit, by estep ${version}`),
        headline(result),
      ),
      h(
        'nav',
        { 'aria-label': 'Contents' },
        h('ul', {}, ...sections.map((s) => h('li', {}, h('a', { href: `#${s.id}` }, s.title)))),
      ),
      h(
        'main',
        { id: 'main' },
        ...sections.map((s) =>
          h(
            'section',
            { id: s.id, 'aria-labelledby': `${s.id}-title` },
            h('h2', { id: `${s.id}-title` }, s.title),
            ...s.content,
          ),
        ),
      ),
    ),
  )
  return `<!doctype html>\n${textOf(document)}\n`
}
