/** The command line on the real library and files, in this process; what it prints is caught. */
import { libraryPorts } from '../../cli/library-ports.js'
import { nodeHost } from '../../cli/node-host.js'
import { run } from '../../cli/run.js'

export async function estepInProcess(
  args: readonly string[],
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', '']
  const host = {
    ...nodeHost(),
    stdout: (text: string) => {
      out += text
    },
    stderr: (text: string) => {
      err += text
    },
    colourOut: false,
    colourErr: false,
    stderrIsTerminal: false,
  }
  const status = await run(args, host, libraryPorts())
  return { status, out, err }
}
