/**
 * A measured program: it says once that it is ready, then answers each number of iterations with their times, one line of
 * JSON each. Between its turns it waits, so that several can take turns on the same machine.
 */
import { spawn } from 'node:child_process'
import { environment } from './environment.mjs'

export async function startProgram({ label, command, args, threads }) {
  const child = spawn(command, args, { env: environment(threads), stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  let errors = ''
  let waiting = null
  const lines = []
  const take = () => {
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      // R and Python may print remarks of their own
      if (line.startsWith('{')) lines.push(line)
    }
    if (waiting !== null && lines.length > 0) {
      const { resolve } = waiting
      waiting = null
      resolve(JSON.parse(lines.shift()))
    }
  }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
    take()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4000)
  })
  const ended = new Promise((resolve) => {
    child.on('error', (e) => resolve(e.message))
    child.on('close', (code) => resolve(`it ended with ${code}: ${lastLine(errors)}`))
  })
  let over = null
  ended.then((why) => {
    over = why
    waiting?.reject(new Error(`${label}: ${why}`))
    waiting = null
  })
  const answer = () =>
    new Promise((resolve, reject) => {
      if (over !== null) reject(new Error(`${label}: ${over}`))
      waiting = { resolve, reject }
      take()
    })
  child.stdin.on('error', () => {})
  const ready = await answer()
  return {
    label,
    ready,
    step(iterations) {
      child.stdin.write(`${iterations}\n`)
      return answer()
    },
    async end() {
      child.stdin.end()
      const late = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(late)
    },
  }
}

const lastLine = (text) =>
  text
    .trim()
    .split('\n')
    .filter((line) => /\S/.test(line))
    .at(-1) ?? 'without a word'
