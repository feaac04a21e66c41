import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { type Opened, type PageServer, POLICY, servePage } from '../../cli/play/page-server.js'
import { run } from '../../cli/run.js'
import { fakeHost } from './fake.js'

let folder: string
let server: PageServer | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estep-play-'))
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'page', 'index.html'), '<html><head></head><body>page</body></html>')
  writeFileSync(join(folder, 'page', 'assets', 'a.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'page', 'link.txt'))
  server = null
})

afterEach(async () => {
  await server?.close()
  rmSync(folder, { recursive: true })
})

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** The path is sent as it is written: `fetch` would mend it. */
const get = (path: string, options: { readonly method?: string; readonly host?: string } = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(server?.url ?? '')
    const headers = options.host === undefined ? {} : { host: options.host }
    const asked = request({ host: '127.0.0.1', port, path, method: options.method ?? 'GET', headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    asked.on('error', reject)
    asked.end()
  })

const serve = async (opened: Opened | null = null): Promise<void> => {
  server = await servePage(join(folder, 'page'), 0, opened)
}

describe('the server of estep play', () => {
  it('listens on this machine only, and serves the page under its policy', async () => {
    await serve()
    expect(server?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const page = await get('/')
    expect(page.status).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    for (const got of [page, await get('/assets/a.js'), await get('/nothing')]) {
      expect(got.headers['content-security-policy']).toBe(POLICY)
      expect(got.headers['x-content-type-options']).toBe('nosniff')
    }
    expect(POLICY).not.toContain('unsafe-eval;')
    expect(POLICY).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(page.body).not.toContain('estep-opened')
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '//../secret.txt',
    '/link.txt',
    '/index.html%00.txt',
    '/assets',
    '/%',
  ])('gives nothing for %s', async (path) => {
    await serve()
    const { status, body } = await get(path)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body).not.toContain('secret\n')
    expect(body).not.toBe('secret')
  })

  it('refuses other names of this machine, and other methods', async () => {
    await serve()
    expect((await get('/', { host: 'evil.example' })).status).toBe(403)
    expect((await get('/', { method: 'POST' })).status).toBe(405)
    const head = await get('/', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
  })

  it('gives the page the model and the data', async () => {
    const content = new TextEncoder().encode('y\n1\n')
    await serve({ source: 'model M </script>', files: [{ name: 'y.csv', content }] })
    expect((await get('/')).body).toContain('<meta name="estep-opened" content="opened.json" />')
    expect(JSON.parse((await get('/opened.json')).body)).toEqual({ source: 'model M </script>', files: ['y.csv'] })
    expect((await get('/opened/0')).body).toBe('y\n1\n')
    expect((await get('/opened/1')).status).toBe(404)
  })
})

describe('estep play', () => {
  it.each([
    [['play', '--port', 'x'], '--port takes a whole number from 1 to 65535'],
    [['play', '--data', 'y.csv'], '--data needs a model'],
    [['play', 'nowhere.estep'], 'nowhere.estep'],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const host = fakeHost()
    expect(await run(args, host, libraryPorts())).toBe(2)
    expect(host.err).toContain(sentence)
  })
})
