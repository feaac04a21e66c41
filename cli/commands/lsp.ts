import {
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node'
import type { Context } from '../context.js'
import { UsageError } from '../exit-codes.js'
import { serve } from '../lsp/server.js'

/**
 * `estep lsp --stdio`: speaks the Language Server Protocol on stdin and stdout until the client ends it; then the process
 * exits by itself, with 0 after a shutdown and 1 without.
 */
export async function lsp(context: Context, options: { readonly stdio?: boolean }): Promise<never> {
  if (options.stdio !== true)
    throw new UsageError('the language server speaks on stdin and stdout', 'estep lsp --stdio')
  const connection = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  )
  // a client that goes away without a word
  process.stdin.on('end', () => process.exit(1))
  serve(connection, context.ports.version)
  return new Promise<never>(() => undefined)
}
