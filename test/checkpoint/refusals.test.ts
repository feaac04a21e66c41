import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitCallOptions, type FitCheckpoint, OptionError } from '../../index.js'

const source = (name = 'Two'): string => `model ${name}
const K = 2
data  y : real[N]
param pi    : simplex[K]
param mu    : real[K]
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], sigma)
}`
const y = [1, 1.5, 2, 2.2, 7, 7.5, 8, 9.1]
const model = compileOrThrow(source())

async function kept(options: FitCallOptions = {}): Promise<FitCheckpoint> {
  const states: FitCheckpoint[] = []
  await model.fit({ y }, { ...options, checkpointEvery: 0, checkpoint: (s) => void states.push(s) })
  const state = states[Math.floor(states.length / 2)]
  if (state === undefined) throw new Error('no checkpoint')
  return JSON.parse(JSON.stringify(state))
}

async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => null,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(OptionError)
  return error instanceof Error ? error.message : ''
}

describe('a checkpoint of another fit is refused with what differs', () => {
  it('another model, or another text of it', async () => {
    const resume = await kept()
    expect(await refusal(compileOrThrow(source('Three')).fit({ y }, { resume }))).toBe(
      'the checkpoint is of another fit: the model was `Two`, and is `Three`',
    )
    const wider = compileOrThrow(source().replace('param sigma : positive\n', 'param sigma : positive # sd\n'))
    expect(await refusal(wider.fit({ y }, { resume }))).toBe(
      'the checkpoint is of another fit: the text of the model has changed',
    )
  })

  it('other data', async () => {
    const resume = await kept()
    expect(await refusal(model.fit({ y: [...y, 3] }, { resume }))).toBe(
      'the checkpoint is of another fit: `N` was 8, and is 9',
    )
    expect(await refusal(model.fit({ y: y.map((v) => (v === 2 ? 2.0000000000000004 : v)) }, { resume }))).toBe(
      'the checkpoint is of another fit: the data have changed: `y`',
    )
  })

  it('other options', async () => {
    const resume = await kept({ seed: 4 })
    expect(await refusal(model.fit({ y }, { resume }))).toBe('the checkpoint is of another fit: `seed` was 4, and is 1')
    expect(await refusal(model.fit({ y }, { resume, seed: 4, accelerate: 'squarem', restarts: 3 }))).toBe(
      'the checkpoint is of another fit: `accelerate` was not given, and is "squarem"; `restarts` was 20, and is 3',
    )
    expect(await refusal(model.fit({ y }, { resume, seed: 4, start: { mu: [1, 7] } }))).toContain(
      '`start` was not given',
    )
  })

  it('but not for what no number depends on', async () => {
    const resume = await kept()
    const again = await model.fit({ y }, { resume, maxTime: 1e6, threads: 1, tolerance: 1e-9, mode: 'em' })
    expect(JSON.stringify(again)).toBe(JSON.stringify(await model.fit({ y })))
  })
})

describe('a damaged checkpoint is refused', () => {
  const edited = async (edit: (text: string) => string): Promise<FitCheckpoint> =>
    JSON.parse(edit(JSON.stringify(await kept())))

  it('by its checksum', async () => {
    const resume = await edited((text) => text.replace('"passes":', '"passes":1'))
    expect(await refusal(model.fit({ y }, { resume }))).toBe(
      'the checkpoint is damaged: its checksum is not that of its content',
    )
  })

  it('for every character that is another', async () => {
    const text = JSON.stringify(await kept())
    const from = text.indexOf('"body"')
    let refused = 0
    for (let i = 0; i < 60; i++) {
      const at = from + 8 + Math.floor(((text.length - from - 10) * i) / 60)
      const other = text[at] === '7' ? '3' : '7'
      let resume: FitCheckpoint
      try {
        resume = JSON.parse(`${text.slice(0, at)}${other}${text.slice(at + 1)}`)
      } catch {
        refused++
        continue
      }
      // a digit beyond those that a number keeps changes nothing
      if (JSON.stringify(resume) !== text) {
        const message = await refusal(model.fit({ y }, { resume }))
        expect(message).toMatch(/^(the checkpoint is damaged|it is no checkpoint)/)
      }
      refused++
    }
    expect(refused).toBe(60)
  })

  it('where it is something else, or of another version', async () => {
    const state = await kept()
    const cases: readonly (readonly [unknown, string])[] = [
      [{ params: {} }, 'it is no checkpoint'],
      ['text', 'it is no checkpoint'],
      [{ ...state, version: 1 }, 'the checkpoint is of format 1, and format 2 is read here'],
      [{ ...state, estepVersion: '9.0.0' }, 'estep 9.0.0 wrote the checkpoint, and this is estep'],
      [{ ...state, body: undefined }, 'the checkpoint is damaged'],
    ]
    for (const [document, message] of cases)
      expect(await refusal(model.fit({ y }, { resume: document as FitCheckpoint }))).toContain(message)
  })
})

describe('who takes checkpoints', () => {
  it('ends the fit by throwing', async () => {
    const full = new Error('the disk is full')
    const run = model.fit({ y }, { checkpoint: () => Promise.reject(full) })
    await expect(run).rejects.toBe(full)
  })

  it('is asked for the next one only after the last', async () => {
    let underWay = 0
    let most = 0
    await model.fit(
      { y },
      {
        checkpointEvery: 0,
        async checkpoint() {
          most = Math.max(most, ++underWay)
          await new Promise((resolve) => setTimeout(resolve, 3))
          underWay--
        },
      },
    )
    expect(most).toBe(1)
  })

  it('gets the same bytes for the same seed', async () => {
    const last = async (): Promise<string> => {
      let state = ''
      await model.fit(
        { y },
        {
          checkpoint(made) {
            state = JSON.stringify(made)
          },
        },
      )
      return state
    }
    expect(await last()).toBe(await last())
  })
})
