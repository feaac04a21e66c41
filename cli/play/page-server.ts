/** Serves the playground's files to this machine only, under the policy that the page is made for. */
import { readFile, realpath } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, sep } from 'node:path'

/** Scripts come from here and WebAssembly may be compiled; nothing else may run, and nothing may be asked of other hosts. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.csv', 'text/csv; charset=utf-8'],
  ['.md', 'text/markdown; charset=utf-8'],
  ['.estep', 'text/plain; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
  ['.woff', 'font/woff'],
  ['.ttf', 'font/ttf'],
  ['.wasm', 'application/wasm'],
  ['.map', 'application/json'],
])

/** What the page opens with, instead of its own example. */
export interface Opened {
  readonly source: string
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[]
}

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

/** `folder`: the built page; `port` 0: any that is free. Rejects with the error of Node where the port is taken. */
export async function servePage(folder: string, port: number, opened: Opened | null): Promise<PageServer> {
  const root = await realpath(folder)
  let own = port
  const server = createServer((request, response) => {
    void answer(request, own, root, opened).then((a) => send(request, response, a))
  })
  await listening(server, port)
  own = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${own}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  /** Names of built files change with their content. */
  readonly lasting?: boolean
}

const refusal = (status: number, why: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${why}\n`,
})

async function answer(request: IncomingMessage, port: number, root: string, opened: Opened | null): Promise<Reply> {
  // another name that leads to this machine is a page of somebody else's
  const { host } = request.headers
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return refusal(403, 'ask for 127.0.0.1')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'there is only GET')
  const path = pathOf(request.url ?? '/')
  if (path === null) return refusal(400, 'this is no address')
  if (opened !== null) {
    const own = openedFile(path, opened)
    if (own !== null) return own
  }
  const file = await fileAt(root, path === '/' ? '/index.html' : path)
  if (file === null) return refusal(404, 'there is no such file')
  const type =
    TYPES.get(extname(path === '/' ? '.html' : path)) ?? TYPES.get(extname(file.name)) ?? 'application/octet-stream'
  const isPage = file.name.endsWith('index.html')
  const body = isPage && opened !== null ? marked(file.content) : file.content
  return { status: 200, type: isPage ? 'text/html; charset=utf-8' : type, body, lasting: path.startsWith('/assets/') }
}

/** The path of an address, decoded; null where it is none. */
function pathOf(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0] ?? '/')
    return path.startsWith('/') && !path.includes('\0') ? path : null
  } catch {
    return null
  }
}

/** A file in the folder; null where there is none, or the path leads out of it. */
async function fileAt(
  root: string,
  path: string,
): Promise<{ readonly name: string; readonly content: Uint8Array } | null> {
  if (path.includes('\\') || path.split('/').includes('..')) return null
  try {
    const name = await realpath(join(root, path))
    if (!name.startsWith(root + sep)) return null
    return { name, content: await readFile(name) }
  } catch {
    return null
  }
}

function openedFile(path: string, { source, files }: Opened): Reply | null {
  if (path === '/opened.json') {
    const body = JSON.stringify({ source, files: files.map((f) => f.name) })
    return { status: 200, type: 'application/json; charset=utf-8', body }
  }
  const index = /^\/opened\/(\d{1,3})$/.exec(path)?.[1]
  const file = index === undefined ? undefined : files[Number(index)]
  return file === undefined ? null : { status: 200, type: 'application/octet-stream', body: file.content }
}

/** The page with a word that there is something to open. */
function marked(page: Uint8Array): string {
  const text = new TextDecoder().decode(page)
  return text.replace('</head>', '<meta name="estep-opened" content="opened.json" /></head>')
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, lasting = false }: Reply,
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength,
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cache-Control': lasting ? 'public, max-age=31536000, immutable' : 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
