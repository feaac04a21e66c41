#!/usr/bin/env node
import { libraryPorts } from './library-ports.js'
import { nodeHost } from './node-host.js'
import { run } from './run.js'

try {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone (`estep … | head`).
    if (error.code === 'EPIPE') process.exit(0)
  })
  process.exitCode = await run(process.argv.slice(2), nodeHost(), libraryPorts())
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`internal error: this is a mistake of estep, not of your model or data\n${text}\n`)
  process.exitCode = 70
}
