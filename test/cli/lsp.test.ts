import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The server as an editor starts it, spoken to by messages of the protocol. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const uri = 'file:///models/mixture.estep'
const text = `model Mixture
const K = 2
data x : real[N]
param pi : simplex[K]
param mu : real[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normall(mu[z], 1)
}
`
const mended = text.replace('Normall', 'Normal')

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

class Client {
  private readonly child: ChildProcess
  private buffer = Buffer.alloc(0)
  private next = 1
  private readonly answers = new Map<number, (m: Message) => void>()
  private readonly notes: Message[] = []
  private wake: () => void = () => undefined
  readonly exit: Promise<number | null>

  constructor() {
    this.child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'lsp', '--stdio'], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.exit = new Promise((resolve) => this.child.on('exit', resolve))
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, chunk])
      this.read()
    })
  }

  private read(): void {
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/Content-Length: (\d+)/.exec(this.buffer.subarray(0, end).toString())?.[1])
      if (this.buffer.length < end + 4 + length) return
      const message = JSON.parse(this.buffer.subarray(end + 4, end + 4 + length).toString()) as Message
      this.buffer = this.buffer.subarray(end + 4 + length)
      if (message.id !== undefined && message.method === undefined) this.answers.get(message.id)?.(message)
      else {
        this.notes.push(message)
        this.wake()
      }
    }
  }

  private send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.child.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  ask(method: string, params: object | null): Promise<Message> {
    const id = this.next
    this.next += 1
    const answer = new Promise<Message>((resolve) => this.answers.set(id, resolve))
    this.send({ id, method, ...(params === null ? {} : { params }) })
    return answer
  }

  tell(method: string, params: object): void {
    this.send({ method, params })
  }

  /** The first notification that fits, now or later. */
  async heard(fits: (m: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.notes.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  end(): void {
    this.child.stdin?.end()
  }

  kill(): void {
    this.child.kill()
  }
}

interface Published {
  readonly version: number
  readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly range: object }[]
}

const published =
  (version: number, fits: (p: Published) => boolean = () => true) =>
  (m: Message): boolean =>
    m.method === 'textDocument/publishDiagnostics' &&
    (m.params as Published).version === version &&
    fits(m.params as Published)

const position = (source: string, place: string, inside = 0) => {
  const before = source.slice(0, source.indexOf(place) + inside).split('\n')
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
}

describe('estep lsp --stdio', () => {
  const client = new Client()
  const textDocument = { uri }
  afterAll(() => client.kill())

  beforeAll(async () => {
    const capabilities = { textDocument: { completion: { completionItem: { snippetSupport: true } } } }
    const { result } = await client.ask('initialize', { processId: process.pid, rootUri: null, capabilities })
    expect(result).toMatchObject({
      serverInfo: { name: 'estep' },
      capabilities: { hoverProvider: true, renameProvider: { prepareProvider: true }, inlayHintProvider: true },
    })
    client.tell('initialized', {})
    client.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'estep', version: 1, text } })
  }, 60_000)

  test('tells what is wrong, where, and mends it', async () => {
    const { params } = await client.heard(published(1))
    const { diagnostics } = params as Published
    expect(diagnostics).toMatchObject([{ code: 'E202', source: 'estep', severity: 1 }])
    expect(diagnostics[0]?.message).toContain('did you mean `Normal`?')
    const range = { start: position(text, 'Normall'), end: position(text, 'Normall', 7) }
    expect(diagnostics[0]?.range).toEqual(range)
    const { result } = await client.ask('textDocument/codeAction', { textDocument, range, context: { diagnostics } })
    expect(result).toMatchObject([
      {
        title: 'Write `Normal`',
        isPreferred: true,
        diagnostics: [{ code: 'E202' }],
        edit: { changes: { [uri]: [{ range, newText: 'Normal' }] } },
      },
    ])
  })

  test('follows edits, then tells the rule of the M-step', async () => {
    const start = position(text, 'Normall', 6)
    client.tell('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start, end: { ...start, character: start.character + 1 } }, text: '' }],
    })
    await client.heard(published(2, (p) => p.diagnostics.length === 0))
    const hovered = await client.ask('textDocument/hover', { textDocument, position: position(mended, 'mu :') })
    expect(hovered.result).toMatchObject({ contents: { kind: 'markdown' } })
    expect(JSON.stringify(hovered.result)).toContain('**M-step**: closed form')
    const hints = await client.ask('textDocument/inlayHint', {
      textDocument,
      range: { start: { line: 0, character: 0 }, end: { line: 20, character: 0 } },
    })
    expect((hints.result as { label: string }[]).map((h) => h.label)).toContain('M-step: pi_k = N_k / N')
  })

  test('completes, helps with arguments, finds and renames', async () => {
    const inCall = { textDocument, position: position(mended, ', 1)', 2) }
    const items = (await client.ask('textDocument/completion', inCall)).result as { label: string }[]
    expect(items.map((i) => i.label)).toEqual(expect.arrayContaining(['sd=', 'var=', 'mu']))
    expect((await client.ask('textDocument/signatureHelp', inCall)).result).toMatchObject({ activeParameter: 1 })
    const use = { textDocument, position: position(mended, 'mu[z]') }
    const declared = await client.ask('textDocument/definition', use)
    expect(declared.result).toMatchObject([{ uri, range: { start: position(mended, 'mu :') } }])
    const found = await client.ask('textDocument/references', { ...use, context: { includeDeclaration: true } })
    expect(found.result).toHaveLength(2)
    expect((await client.ask('textDocument/documentHighlight', use)).result).toHaveLength(2)
    expect((await client.ask('textDocument/prepareRename', use)).result).toMatchObject({
      start: position(mended, 'mu[z]'),
    })
    const renamed = await client.ask('textDocument/rename', { ...use, newName: 'centre' })
    expect(renamed.result).toMatchObject({ changes: { [uri]: [{ newText: 'centre' }, { newText: 'centre' }] } })
    const refused = await client.ask('textDocument/rename', { ...use, newName: 'for' })
    expect(refused.error?.message).toBe('`for` is a word of the language.')
  })

  test('lays out, lists names and colours', async () => {
    const formatted = await client.ask('textDocument/formatting', { textDocument, options: { tabSize: 2 } })
    expect(JSON.stringify(formatted.result)).toContain('param pi : simplex[K]')
    const names = (await client.ask('textDocument/documentSymbol', { textDocument })).result as { name: string }[]
    expect(names.map((n) => n.name)).toEqual(['K', 'x', 'pi', 'mu', 'z'])
    const { data } = (await client.ask('textDocument/semanticTokens/full', { textDocument })).result as {
      data: number[]
    }
    expect(data.length % 5).toBe(0)
    expect(data.slice(0, 5)).toEqual([0, 0, 5, 0, 0])
  })

  test('a document that is not open is answered with nothing', async () => {
    const asked = { textDocument: { uri: 'file:///other.estep' }, position: { line: 0, character: 0 } }
    expect((await client.ask('textDocument/hover', asked)).result).toBeNull()
  })

  test('ends with 0 after a shutdown', async () => {
    expect((await client.ask('shutdown', null)).result).toBeNull()
    client.tell('exit', {})
    expect(await client.exit).toBe(0)
  })
})

test('a client that goes away ends the server', async () => {
  const client = new Client()
  await client.ask('initialize', { processId: null, rootUri: null, capabilities: {} })
  client.end()
  expect(await client.exit).toBe(1)
}, 60_000)
