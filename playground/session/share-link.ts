/**
 * Share links: a project as JSON, deflated, in base64url after the `#` of the page's address. It is capped on the way in, and
 * a link that is none is refused with a sentence. Reading one never runs and never fetches anything.
 */
import { type Project, plainControls } from './project.js'
import { NotAProject, projectFromJson, projectToJson } from './project-json.js'

/** Characters of the packed part, and bytes of what it may unpack to. */
export const MOST_PACKED = 64 * 1024
export const MOST_UNPACKED = 1024 * 1024

const PREFIX = 'p1.'

export type Shared =
  | { readonly kind: 'project'; readonly project: Project }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly message: string }

export type Packed =
  | { readonly kind: 'packed'; readonly fragment: string }
  | { readonly kind: 'too-large'; readonly message: string }

export async function packProject(project: Project): Promise<Packed> {
  const json = new TextEncoder().encode(JSON.stringify(projectToJson(project)))
  const stream = streamOf(json).pipeThrough(new CompressionStream('deflate-raw'))
  const packed = json.length > MOST_UNPACKED ? null : await bytesOf(stream, MOST_PACKED)
  const fragment = packed === null ? null : PREFIX + toBase64Url(packed)
  return fragment === null || fragment.length > MOST_PACKED
    ? {
        kind: 'too-large',
        message: 'The data is too large for a link: share the model without it, or send the file beside the link.',
      }
    : { kind: 'packed', fragment }
}

/** `fragment`: the part of the address after `#`. */
export async function unpackProject(fragment: string): Promise<Shared> {
  if (!fragment.startsWith('p')) return { kind: 'none' }
  const refused = (why: string): Shared => ({ kind: 'refused', message: `This link cannot be opened: ${why}.` })
  if (fragment.length > MOST_PACKED) return refused(`it is longer than ${MOST_PACKED / 1024} KiB`)
  const version = /^p(\d{1,9})\./.exec(fragment)?.[1]
  if (version === undefined) return refused('it is no link of the playground')
  if (version !== '1') return refused('it was made by a newer version of the playground')
  const packed = fromBase64Url(fragment.slice(PREFIX.length))
  if (packed === null) return refused('it is damaged')
  let json: unknown
  try {
    const unpacked = await bytesOf(streamOf(packed).pipeThrough(new DecompressionStream('deflate-raw')), MOST_UNPACKED)
    if (unpacked === null) return refused(`it unpacks to more than ${MOST_UNPACKED / 1024 / 1024} MiB`)
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(unpacked))
  } catch {
    return refused('it is damaged')
  }
  try {
    return { kind: 'project', project: projectFromJson(json, plainControls) }
  } catch (error) {
    if (error instanceof NotAProject) return refused(error.message)
    throw error
  }
}

type Bytes = Uint8Array<ArrayBuffer>

const streamOf = (bytes: Bytes): ReadableStream<Bytes> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })

/** All bytes of a stream; null, and the rest is not read, where there are more than `most`. */
async function bytesOf(stream: ReadableStream<Uint8Array>, most: number): Promise<Bytes | null> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) break
    length += value.length
    if (length > most) {
      await reader.cancel()
      return null
    }
    parts.push(value)
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const PIECE = 8192

function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += PIECE) binary += String.fromCharCode(...bytes.subarray(i, i + PIECE))
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

function fromBase64Url(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null
  try {
    const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    return Uint8Array.from(binary, (c) => c.charCodeAt(0))
  } catch {
    return null
  }
}
