/**
 * What nothing reads is not computed: operations over rows into scratch of the block, tables of the prelude, constants.
 * Page: docs/kernel-passes/dead-code.md.
 */
import type { Buffer, KernelOp } from '../types.js'
import { buffersReadByOp, buffersWritten } from '../visit.js'
import type { KernelPass } from './types.js'

export const deadCode: KernelPass = {
  name: 'dead-code',
  apply(program, context) {
    const buffers = new Map(program.buffers.map((b) => [b.id, b]))
    const own = new Set(program.prelude.flatMap((op) => [...buffersWritten(op)]))
    const given = program.growth === null ? [] : [program.growth]
    const isLocal = (b: Buffer | undefined): boolean =>
      b !== undefined &&
      ((b.space === 'scratch' && b.rows === context.rows.table) || (b.space === 'derived' && own.has(b.id)))
    let { prelude, rows } = program
    const applied: string[] = []
    for (let before = -1; before !== prelude.length + rows.length; ) {
      before = prelude.length + rows.length
      const read = new Set([...given, ...[...prelude, ...rows, ...program.postlude].flatMap(readBy)])
      const isDead = (op: KernelOp): boolean =>
        op.op !== 'sparseGaussian' && [...buffersWritten(op)].every((id) => isLocal(buffers.get(id)) && !read.has(id))
      for (const op of [...prelude, ...rows]) if (isDead(op)) applied.push([...buffersWritten(op)].join(', '))
      prelude = prelude.filter((op) => !isDead(op))
      rows = rows.filter((op) => !isDead(op))
    }
    const read = new Set([...prelude, ...rows, ...program.postlude].flatMap((op) => [...buffersReadByOp(op)]))
    const centres = program.constants.flatMap(({ buffer, take }) =>
      take.kind === 'reach' && read.has(buffer) ? [take.centre] : [],
    )
    const isRead = (id: string): boolean => read.has(id) || centres.includes(id)
    const unread = program.constants.filter(({ buffer }) => !isRead(buffer)).map(({ buffer }) => buffer)
    const indices = program.indices.filter(({ buffer }) => read.has(buffer))
    const gone = new Set([
      ...unread,
      ...program.indices.filter((i) => !indices.includes(i)).map(({ buffer }) => buffer),
    ])
    return {
      program: {
        ...program,
        prelude,
        rows,
        buffers: program.buffers.filter((b) => !gone.has(b.id)),
        constants: program.constants.filter(({ buffer }) => isRead(buffer)),
        indices,
      },
      applied: [...applied, ...gone],
      declined: [],
    }
  },
}

/** What an operation reads that it does not make itself. */
function readBy(op: KernelOp): readonly string[] {
  const written = buffersWritten(op)
  return [...buffersReadByOp(op)].filter((id) => !written.has(id) || op.op === 'scan' || op.op === 'repeat')
}
