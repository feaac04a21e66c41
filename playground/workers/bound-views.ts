/** What the Bound panel asks of a run, at the half-step where it stands. */
import type { BoundContour, BoundRun } from '../../api/pictures.js'
import type { BoundCurveView, BoundDirection } from '../session/view.js'
import type { KeptRun } from './kept-run.js'

/** q is that of the E-step that came last. */
export async function boundRunOf(run: KeptRun): Promise<BoundRun> {
  const index = indexOfQ(run)
  const { params, expectation } = await run.pointAt(index)
  return {
    q: { params, expectation },
    next: run.iterates[index + 1]?.params ?? null,
    start: run.iterates[0]?.params ?? params,
    end: run.end.params,
  }
}

const indexOfQ = ({ position }: KeptRun): number => Math.max(0, Math.ceil(position / 2) - 1)

export async function boundCurve(
  run: KeptRun,
  direction: BoundDirection,
  points: number,
): Promise<BoundCurveView | null> {
  const curve = run.stepper.pictures.boundCurve(await boundRunOf(run), direction, points)
  return curve === null ? null : { ...curve, iteration: run.iterates[indexOfQ(run)]?.iteration ?? 0 }
}

export function boundContour(run: KeptRun, points: number): BoundContour | null {
  const shown = run.iterates.slice(0, Math.floor(run.position / 2) + 1).map(({ params }) => params)
  const contour = run.stepper.pictures.boundContour(shown, points)
  // arrays of an answer are moved: none may stand in it twice
  return contour === null ? null : { ...contour, theta: contour.theta.slice() }
}
