import { type Context, printDiagnostics } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { readSource } from '../load-model.js'

/** `estep fmt MODEL…`: rewrites the files (stdin goes to stdout); `--check` names those that would change. */
export async function fmt(
  context: Context,
  paths: readonly string[],
  options: { readonly check?: boolean },
): Promise<number> {
  const { host, ports } = context
  let status: number = exitCodes.done
  for (const path of paths) {
    const source = await readSource(context, path)
    const { text, diagnostics } = ports.format(source)
    if (text === undefined) {
      printDiagnostics(context, diagnostics, source)
      status = exitCodes.model
    } else if (options.check === true) {
      if (text === source.text) continue
      host.stdout(`${source.name}\n`)
      status = exitCodes.model
    } else if (path === '-') host.stdout(text)
    else if (text !== source.text) {
      await host.write(path, text)
      host.stderr(`formatted ${path}\n`)
    }
  }
  return status
}
