// Restores the corrupted digits by a fit of prior.estep, and draws new digits from it.
// Usage: node restore.mjs prior.fit.json sheet.png
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { loadFit, readTable } from 'estep'
import { encode } from 'fast-png'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8')
const rowsOf = (csv) =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','))

/** Images of ink 0–1, an array of 64 each; null where a pixel of a corrupted image was dropped. */
export const clean = () => rowsOf(read('digits.csv')).map((row) => row.map((ink) => Number(ink) / 16))
export const corrupted = () =>
  rowsOf(read('corrupted.csv')).map((row) => row.map((cell) => (cell === '' ? null : Number(cell))))

/** Peak signal-to-noise ratio in dB of images whose range is 0–1. */
export function psnr(images, truth) {
  const errors = images.flatMap((image, n) => image.map((ink, d) => (ink - truth[n][d]) ** 2))
  return -10 * Math.log10(errors.reduce((a, b) => a + b, 0) / errors.length)
}

/** The image of factors f: mu + W f. */
const imageOf = ({ mu, W }, f) => mu.map((base, d) => W[d].reduce((ink, w, q) => ink + w * f[q], base))

/** Posterior means of the clean images, given the corrupted ones. */
export async function restore(fit) {
  const { value } = readTable('corrupted.csv', read('corrupted.csv'))
  const { latents } = await fit.predict([value])
  const f = latents.find((latent) => latent.name === 'f')
  const Q = f.own[0]
  return Array.from({ length: f.rows }, (_, n) => imageOf(fit.params, f.mean.subarray(n * Q, (n + 1) * Q)))
}

/** New images: a component, factors from its Gaussian, and the image of these. */
export function sample(fit, count, uniform) {
  const { pi, m, V } = fit.params
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return Array.from({ length: count }, () => {
    let [z, rest] = [0, uniform()]
    while (z < pi.length - 1 && rest >= pi[z]) rest -= pi[z++]
    const low = new CholeskyDecomposition(new Matrix(V[z])).lowerTriangularMatrix
    const f = low.mmul(Matrix.columnVector(m[z].map(normal))).to1DArray()
    return imageOf(
      fit.params,
      f.map((v, q) => v + m[z][q]),
    )
  })
}

/** Rows of images as a PNG: ink is dark, a pixel that was dropped is blue. */
function sheet(rows, scale = 4, margin = 6) {
  const step = 8 * scale + margin
  const [width, height] = [margin + step * rows[0].length, margin + step * rows.length]
  const data = new Uint8Array(3 * width * height).fill(255)
  rows.forEach((images, r) => {
    images.forEach((image, c) => {
      for (let y = 0; y < 8 * scale; y++)
        for (let x = 0; x < 8 * scale; x++) {
          const ink = image[8 * Math.floor(y / scale) + Math.floor(x / scale)]
          const grey = ink === null ? 0 : Math.round(255 * (1 - Math.min(1, Math.max(0, ink))))
          const at = 3 * ((margin + r * step + y) * width + margin + c * step + x)
          data.set(ink === null ? [150, 190, 240] : [grey, grey, grey], at)
        }
    })
  })
  return encode({ width, height, channels: 3, depth: 8, data })
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , input, output] = argv
  if (output === undefined) throw new Error('usage: node restore.mjs prior.fit.json sheet.png')
  const fit = loadFit(JSON.parse(readFileSync(input, 'utf8')))
  const [seen, truth, restored] = [corrupted(), clean(), await restore(fit)]
  let state = 5
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const shown = (images) => images.slice(0, 20)
  writeFileSync(output, sheet([shown(seen), shown(restored), shown(truth), sample(fit, 20, uniform)]))
  console.log(`PSNR of the restored images ${psnr(restored, truth).toFixed(2)} dB`)
}
