import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'
import { fitKilledAt, type Moment } from './kill/killed-fit.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'estep-checkpoint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string): string => join(folder, name)
const example = (path: string): string => join(root, 'examples', path)
const faithful = [example('old-faithful/spherical.estep'), '--data', example('old-faithful/faithful.csv')]
const program = ['--import', 'tsx', join(root, 'cli/main.ts')]
const options = ['--set', 'K=4', '--restarts', '25']
const kept = (name: string): string[] => ['--checkpoint', file(name), '--checkpoint-every', '0']

describe('a fit that is killed', () => {
  const whole = (async () => {
    const { status } = await estepInProcess(['fit', ...faithful, ...options, '--out', file('whole.json')])
    expect(status).toBe(0)
    return readFileSync(file('whole.json'), 'utf8')
  })()
  const moments: readonly Moment[] = [
    { inside: true, write: 1, after: 15 },
    { inside: true, write: 3, after: 0 },
    { inside: false, write: 4, after: 0 },
  ]

  test.each(moments)('at %o goes on to the same file, byte for byte', { timeout: 60_000 }, async (moment) => {
    const name = `at-${moment.write}-${moment.after}.json`
    const args = [...faithful, ...options, ...kept(name)]
    const ended = await fitKilledAt(program, [...args, '--out', file('never.json')], moment, 5)
    expect(ended.killed, ended.err).toBe(moment.inside ? 'inside a write' : 'between writes')
    expect(readdirSync(folder)).not.toContain('never.json')
    const resume = [...args, '--resume', file(name), '--out', file('resumed.json')]
    const { status, err } = await estepInProcess(['fit', ...resume])
    expect(status, err).toBe(0)
    expect(readFileSync(file('resumed.json'), 'utf8')).toBe(await whole)
  })
})

describe('--checkpoint and --resume', () => {
  test('the same seed gives the same bytes, on stdout and in the file', async () => {
    const runs = []
    for (const name of ['a.json', 'b.json']) {
      const { out } = await estepInProcess(['fit', ...faithful, '--json', '--out', file(name)])
      runs.push(out, readFileSync(file(name), 'utf8'))
    }
    expect(new Set(runs).size).toBe(1)
  })

  test('what time did not suffice for is done later, and a fit that has ended gives its result again', async () => {
    const first = await estepInProcess(['fit', ...faithful, ...options, '--max-time', '1ms', ...kept('time.json')])
    expect(first.status).toBe(0)
    expect(first.err).toContain(`it goes on where it stands with --resume ${file('time.json')}`)
    const resume = [...faithful, ...options, '--resume', file('time.json'), '--json']
    const second = await estepInProcess(['fit', ...resume])
    const once = await estepInProcess(['fit', ...faithful, ...options, '--json'])
    expect(second.out).toBe(once.out)
    expect((await estepInProcess(['fit', ...resume])).out).toBe(once.out)
  })

  test('a checkpoint that a fit can go on from is not replaced by another', async () => {
    const stopped = ['fit', ...faithful, ...options, '--max-time', '1ms', ...kept('lost.json')]
    await estepInProcess(stopped)
    const text = readFileSync(file('lost.json'), 'utf8')
    const { status, err } = await estepInProcess(stopped)
    expect(status).toBe(2)
    expect(err).toContain('holds the checkpoint of a fit that has not ended')
    expect(err).toContain(`--resume ${file('lost.json')} goes on from it`)
    expect(readFileSync(file('lost.json'), 'utf8')).toBe(text)
    // another fit does not go on from it
    const other = await estepInProcess(['fit', ...faithful, '--set', 'K=3', '--resume', file('lost.json')])
    expect(other.status).toBe(2)
    expect(other.err).toContain('the checkpoint is of another fit')
    expect(other.err).toContain('begin anew without --resume')
    expect(readFileSync(file('lost.json'), 'utf8')).toBe(text)
  })

  test('a file that is no checkpoint is left alone', async () => {
    writeFileSync(file('mine.json'), '{"mine": 1}')
    const { status, err } = await estepInProcess(['fit', ...faithful, ...kept('mine.json')])
    expect(status).toBe(2)
    expect(err).toContain('it is no checkpoint of this version')
    expect(readFileSync(file('mine.json'), 'utf8')).toBe('{"mine": 1}')
  })

  test('a fit in the place of a checkpoint is said to be one, with what can be done with it', async () => {
    await estepInProcess(['fit', ...faithful, '--restarts', '1', '--out', file('fit.json')])
    const { status, err } = await estepInProcess(['fit', ...faithful, '--resume', file('fit.json')])
    expect(status).toBe(2)
    expect(err).toContain(`\`${file('fit.json')}\` is a fit, not a checkpoint`)
    expect(err).toContain(`--init ${file('fit.json')} begins a fit at its params`)
  })

  test.each([
    ['not JSON', 'half.json', '{"format":"estep checkpoint","ver', 'is not a checkpoint: it is not valid JSON'],
    ['not whole', 'cut.json', '{"format":"estep checkpoint","version":2}', 'the checkpoint is damaged'],
  ])('one that is %s is refused', async (_, name, text, message) => {
    writeFileSync(file(name), text)
    const { status, err } = await estepInProcess(['fit', ...faithful, '--resume', file(name)])
    expect(status).toBe(2)
    expect(err).toContain(message)
  })

  test('bad names of files are usage', async () => {
    for (const [args, message] of [
      [['--checkpoint', '-'], 'a checkpoint is a file, not -'],
      [['--checkpoint', file('nowhere/c.json')], 'its directory does not exist'],
      [['--resume', file('missing.json')], 'there is no file'],
      [['--checkpoint', file('same.json'), '--out', file('same.json')], 'name the same file'],
      [['--checkpoint-every', '1s'], '--checkpoint-every needs --checkpoint FILE'],
    ] as const) {
      const { status, err } = await estepInProcess(['fit', ...faithful, ...args])
      expect(status).toBe(2)
      expect(err).toContain(message)
    }
  })

  test('what a killed write has left is removed, once it is old', async () => {
    const [old, young] = ['.left.json.0123456789ab.tmp', '.left.json.ba9876543210.tmp']
    for (const name of [old, young, '.left.json.tmp']) writeFileSync(file(name), 'x')
    utimesSync(file(old), new Date(0), new Date(0))
    await estepInProcess(['fit', ...faithful, ...kept('left.json')])
    const left = readdirSync(folder).filter((name) => name.startsWith('.left.json'))
    expect(left.sort()).toEqual([young, '.left.json.tmp'].sort())
  })
})
