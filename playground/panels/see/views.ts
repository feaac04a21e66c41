import { type View, offeredViews as viewsOf } from '../../../api/charts/views.js'
import type { FitView, PointView } from '../../session/view.js'

export { VIEW_NAMES, type View, type ViewKind } from '../../../api/charts/views.js'

export const offeredViews = (data: FitView['data'], point: PointView | null): readonly View[] =>
  viewsOf(data, point?.latents ?? [], point !== null && point.params.length > 0)
