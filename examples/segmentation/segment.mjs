// A picture in, a label picture out: fits the model to the colours of the pixels, and gives each pixel the mean colour of its most
// probable component. Usage: node segment.mjs photo.png labels.png [K]
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { compileOrThrow } from 'estep'
import { decode, encode } from 'fast-png'

/** Rows of red, green and blue, of an RGB or RGBA picture of 8 bits a channel. */
export function colours({ data, channels, depth }) {
  if (depth !== 8 || channels < 3) throw new Error(`expected RGB of 8 bits, got ${channels} channels of ${depth} bits`)
  return Array.from({ length: data.length / channels }, (_, n) =>
    Array.from(data.subarray(n * channels, n * channels + 3)),
  )
}

/** Bytes of a PNG → its label picture, as bytes of a PNG, and the fit. `options` are those of `model.fit`. */
export async function segment(png, K, options = {}) {
  const picture = decode(png)
  const model = compileOrThrow(readFileSync(new URL('model.estep', import.meta.url), 'utf8'))
  const fit = await model.fit({ colour: colours(picture) }, { ...options, set: { K } })
  const shades = fit.params.mu.map((mean) => mean.map(Math.round))
  const data = Uint8Array.from(Array.from(fit.posterior('z').modes).flatMap((k) => shades[k]))
  return { fit, labels: encode({ width: picture.width, height: picture.height, channels: 3, depth: 8, data }) }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , input, output, K = '2'] = argv
  if (output === undefined) throw new Error('usage: node segment.mjs photo.png labels.png [K]')
  const { fit, labels } = await segment(readFileSync(input), Number(K))
  writeFileSync(output, labels)
  console.log(`log-likelihood ${fit.logLikelihood.toFixed(2)}`)
  fit.params.mu.forEach((mean, k) => {
    console.log(`${(100 * fit.params.pi[k]).toFixed(1).padStart(5)} %  rgb ${mean.map(Math.round).join(' ')}`)
  })
}
