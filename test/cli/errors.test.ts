/** `estep fit --errors`. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { schemaProblems } from '../runtime/json-schema.js'
import { mixture, twoBells } from '../uncertainty/models.js'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-errors-'))
const model = join(folder, 'mixture.estep')
const data = join(folder, 'rows.csv')
writeFileSync(model, mixture)
writeFileSync(data, `y\n${twoBells(90, 3).join('\n')}\n`)
const fit = (...args: string[]) => estepInProcess(['fit', model, '--data', data, ...args])

test('the report shows them, and the JSON keeps to its schema', async () => {
  const shown = await fit('--errors', 'information')
  expect(shown.status).toBe(0)
  expect(shown.out).toMatch(/Standard errors \(from the observed information\)/)
  expect(shown.out).toMatch(/^ *mu\[2\] .* … /m)
  expect(shown.out).toMatch(/^ *gap .* … /m)
  const { out } = await fit('--errors', 'bootstrap', '--replicates', '20', '--json')
  const result: unknown = JSON.parse(out)
  const schema: unknown = JSON.parse(readFileSync(new URL('../../docs/fit.schema.json', import.meta.url), 'utf8'))
  expect(schemaProblems(schema, result)).toEqual([])
  expect(result).toMatchObject({ errors: { kind: 'bootstrap', replicates: 20, units: 90 } })
})

test('what cannot be had is a wrong use', async () => {
  const replicates = await fit('--replicates', '20')
  expect(replicates.status).toBe(2)
  expect(replicates.err).toContain('bootstrap')
  expect((await fit('--errors', 'jackknife')).status).toBe(2)
  const hard = await fit('--errors', 'sandwich', '--mode', 'hard')
  expect(hard.status).toBe(2)
  expect(hard.err).toContain('hard mode')
})
