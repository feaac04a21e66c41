/** What each rule of the M-step makes of a model, whole: why it declines, and the sums that it is solved from. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../support/derive.js'
import { mStepText } from './m-step-text.js'

/** Files that differ from the one kept by a number only. */
const SAME = /^A09-galaxies-k[456]|^A(05|10|16-haireye-lca-k3|18-earthquakes-poismix-k3|27-earthquakes-hmm-k3|54)/

describe.each(['conformance/models', 'golden/m-steps'])('%s', (folder) => {
  const files = readdirSync(new URL(`../${folder}`, import.meta.url))
  const models = files.filter((f) => f.endsWith('.estep') && !SAME.test(f)).map((f) => f.slice(0, -'.estep'.length))
  it.each(models)('%s', async (model) => {
    await expect(mStepText(deriveModel(`${folder}/${model}`))).toMatchFileSnapshot(`m-steps/${model}.txt`)
  })
})
