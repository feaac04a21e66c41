/** Says that it is ready, then records the models whose seeds it is sent. */
import { recordOf } from './record.js'

process.on('disconnect', () => process.exit())
process.on('message', (seed: number) => {
  recordOf(seed).then(
    (record) => process.send?.(record),
    (e) => {
      throw e
    },
  )
})
process.send?.('ready')
