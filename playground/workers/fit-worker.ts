/** EM in a thread of its own. Scripts are never generated: WebAssembly runs the kernels, and the interpreter the rest. */

import { FitSession } from './fit-session.js'
import type { FitCalls, FitMessage, StopMessage } from './messages.js'
import { pageSpawn } from './page-spawn.js'
import { serve } from './serve.js'

const scope = globalThis as unknown as { postMessage(message: FitMessage): void }
const session = new FitSession({ javascript: false, spawn: pageSpawn }, (message) => scope.postMessage(message))

serve<FitCalls>(
  {
    load: (r) => session.load(r),
    bind: (r) => session.bind(r),
    begin: (r) => session.begin(r),
    step: (r) => session.step(r),
    show: (r) => session.show(r),
    finish: (r) => session.finish(r),
    fit: (r) => session.fit(r),
    forget: (r) => session.forget(r),
    restore: (r) => session.restore(r),
    refusedModes: () => session.refusedModes(),
    intervals: (r) => session.intervals(r),
    residuals: (r) => session.residuals(r),
    file: (r) => session.file(r),
    beside: (r) => session.beside(r),
    newRows: (r) => session.newRows(r),
    choose: (r) => session.choose(r),
    draw: (r) => session.draw(r),
    emit: (r) => session.emit(r),
    density: (r) => session.density(r),
    ellipses: (r) => session.ellipses(r),
    lines: (r) => session.lines(r),
    directions: (r) => session.directions(r),
    boundCurve: (r) => session.boundCurve(r),
    boundContour: (r) => session.boundContour(r),
  },
  (message) => {
    if ((message as StopMessage).kind === 'stop') session.stop()
  },
)
