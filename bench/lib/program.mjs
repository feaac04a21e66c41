/**
 * A measured program: it says once that it is ready, then answers each number of iterations with their times, one line of
 * JSON each. Between its turns it waits, so that several can take turns on the same machine. What goes wrong with it — it
 * ends, it writes what is no JSON, it does not answer in time — rejects the answer that is waited for.
 */
import { spawn } from 'node:child_process'
import { environment } from './environment.mjs'

/** Seconds in which an answer is expected. */
const PATIENCE = 400

export async function startProgram({ label, command, args, threads }) {
  const child = spawn(command, args, { env: environment(threads), stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  let errors = ''
  let waiting = null
  let over = null
  const lines = []
  const settle = (act) => {
    const { timer } = waiting
    const served = waiting
    waiting = null
    clearTimeout(timer)
    act(served)
  }
  const fail = (why) => {
    over ??= why
    if (waiting !== null) settle(({ reject }) => reject(new Error(`${label}: ${over}`)))
  }
  const take = () => {
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      // R and Python may print remarks of their own
      if (line.startsWith('{')) lines.push(line)
    }
    if (waiting === null || lines.length === 0) return
    const line = lines.shift()
    let value = null
    try {
      value = JSON.parse(line)
    } catch {
      fail(`no JSON: ${line.slice(0, 120)}`)
      return
    }
    settle(({ resolve }) => resolve(value))
  }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
    take()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4000)
  })
  const ended = new Promise((resolve) => {
    const end = (why) => {
      fail(why)
      resolve()
    }
    child.on('error', (e) => end(e.message))
    child.on('close', (code, signal) => end(`it ended with ${signal ?? `status ${code}`}: ${lastWords(errors)}`))
  })
  child.stdin.on('error', () => {})
  const stop = async () => {
    child.stdin.end()
    const late = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(late)
  }
  const answer = () =>
    new Promise((resolve, reject) => {
      if (over !== null) {
        reject(new Error(`${label}: ${over}`))
        return
      }
      const timer = setTimeout(() => {
        fail(`no answer in ${PATIENCE} s`)
        child.kill('SIGKILL')
      }, 1000 * PATIENCE)
      waiting = { resolve, reject, timer }
      take()
    })
  let ready = null
  try {
    ready = await answer()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    label,
    ready,
    step(iterations) {
      if (over === null) child.stdin.write(`${iterations}\n`)
      return answer()
    },
    end: stop,
  }
}

/** The last lines that say something, as one. */
const lastWords = (text) => {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => /\S/.test(line))
  return lines.length === 0 ? 'without a word' : lines.slice(-2).join(' / ').slice(0, 300)
}
