/**
 * `node bench/stream.mjs`, after `npm run build`: fits a mixture to more rows than memory may hold, read from disk at every
 * pass, and prints how long that takes and the largest memory of the process.
 *
 *   node bench/stream.mjs [--rows 100000000] [--columns 4] [--memory 1GB] [--iterations 1] [--from raw|csv|FILE.parquet]
 *                         [--threads N] [--folder DIR] [--keep]
 *
 * `raw`: columns of doubles, one below the other in one file. `csv`: the command line over a text file of as many rows. A
 * Parquet file has columns x1, x2, …. The data is written to the folder for temporary files, which must have 20 GB more
 * than it takes, and taken away afterwards.
 */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const K = 3
const SPARE = 20e9
const model = (columns) => `model Clusters
const K = ${K}
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param sigma : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  for d in 1..D { x[n, d] ~ Normal(mu[z, d], sigma[z, d]) }
}
# ${columns} columns
`

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000000' },
    columns: { type: 'string', default: '4' },
    memory: { type: 'string', default: '1GB' },
    iterations: { type: 'string', default: '1' },
    from: { type: 'string', default: 'raw' },
    threads: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    keep: { type: 'boolean', default: false },
    /** Of the process that fits: the file of its rows. */
    fit: { type: 'string' },
  },
})
const rows = Number(values.rows)
const columns = Number(values.columns)
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`

if (values.fit !== undefined) await fitRaw(values.fit)
else measure()

function measure() {
  if (!['raw', 'csv'].includes(values.from)) {
    runFit(commandLine(values.from, 'Parquet'))
    return
  }
  const perRow = values.from === 'raw' ? 8 * columns : 11 * columns + 8 * columns
  const { bavail, bsize } = statfsSync(values.folder)
  if (perRow * rows + SPARE > bavail * bsize) {
    console.error(
      `${values.folder} needs ${megabytes(perRow * rows + SPARE)} and has ${megabytes(bavail * bsize)} left`,
    )
    process.exitCode = 1
    return
  }
  const folder = mkdtempSync(join(values.folder, 'estep-bench-'))
  try {
    const path = join(folder, values.from === 'raw' ? 'x.bin' : 'x.csv')
    const began = performance.now()
    if (values.from === 'raw') writeRaw(path)
    else writeCsv(path)
    console.log(
      `written: ${rows.toLocaleString('en-US')} rows × ${columns}, ${megabytes(statSync(path).size)} in ${seconds(began)}`,
    )
    if (values.from === 'raw') runFit([fileURLToPath(import.meta.url), ...process.argv.slice(2), '--fit', path])
    else runFit(commandLine(path, 'CSV', folder))
  } finally {
    if (values.keep) console.log(`kept: ${folder}`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

function runFit(args) {
  const began = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  console.log(`the process ended with status ${status} after ${seconds(began)}`)
  if (status !== 0) process.exitCode = 1
}

/** `estep fit` in a process that prints its peak at the end. */
function commandLine(path, kind, folder = mkdtempSync(join(values.folder, 'estep-bench-'))) {
  const source = join(folder, 'model.estep')
  writeFileSync(source, model(columns))
  const estep = new URL('../dist/cli/main.js', import.meta.url).href
  const options = ['--memory', values.memory, '--max-iter', values.iterations, '--tol', '0', '--restarts', '1']
  const threads = values.threads === undefined ? [] : ['--threads', values.threads]
  const argv = ['fit', source, '--data', path, ...options, ...threads]
  const script = `process.argv = [process.argv[0], 'estep', ...${JSON.stringify(argv)}]
    process.on('exit', () => console.log('${kind}: peak ' + Math.round(process.resourceUsage().maxRSS / 1024 * 1.048576) + ' MB'))
    await import(${JSON.stringify(estep)})`
  return ['--input-type=module', '-e', script]
}

async function fitRaw(path) {
  const { compileOrThrow, rowsTable } = await import('estep')
  const memory = bytesOf(values.memory)
  const file = openSync(path, 'r')
  const source = {
    rows,
    columns: Array.from({ length: columns }, (_, j) => ({ name: `x${j + 1}`, kind: 'number' })),
    read(column, from, to, into) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, 8 * (to - from))
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(file, bytes, at, bytes.length - at, 8 * (column * rows + from) + at)
        if (read === 0) throw new Error('the file has ended')
        at += read
      }
    },
  }
  const began = performance.now()
  let last = began
  const fit = await compileOrThrow(model(columns)).fit([rowsTable(path, source)], {
    memory,
    restarts: 1,
    tolerance: 0,
    maxIterations: Number(values.iterations),
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
    onStream({ window }) {
      console.log(`looked through in ${seconds(last)}; ${window.toLocaleString('en-US')} rows at a time`)
      last = performance.now()
    },
    onIteration({ iteration, objective }) {
      console.log(`iteration ${iteration} after ${seconds(last)}, objective ${objective.toFixed(3)}`)
      last = performance.now()
    },
  })
  closeSync(file)
  const peak = process.resourceUsage().maxRSS * 1024
  console.log(`fitted in ${seconds(began)}: ${fit.result.observations.toLocaleString('en-US')} observations`)
  console.log(`peak ${megabytes(peak)} with --memory ${values.memory}: ${peak <= memory ? 'within it' : 'BEYOND IT'}`)
  if (peak > memory) process.exitCode = 1
}

function bytesOf(text) {
  const [, number, unit] = /^([\d.]+)([KMG]?)B?$/i.exec(text) ?? []
  return Number(number) * { '': 1, K: 1e3, M: 1e6, G: 1e9 }[(unit ?? '').toUpperCase()]
}

/** Random numbers of SFC32, and of the normal distribution by the polar method. */
function generator(seed) {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed]
  const uniform = () => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 15; i++) uniform()
  let spare = Number.NaN
  return {
    uniform,
    normal() {
      if (!Number.isNaN(spare)) {
        const x = spare
        spare = Number.NaN
        return x
      }
      for (;;) {
        const u = 2 * uniform() - 1
        const v = 2 * uniform() - 1
        const s = u * u + v * v
        if (s >= 1 || s === 0) continue
        const scale = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * scale
        return u * scale
      }
    },
  }
}

/** Cell (n, j): one of three clusters, by the row. */
function cell(n, j, normal) {
  return ((n * 7) % K) * 3 + j + normal()
}

function writeRaw(path) {
  const file = openSync(path, 'w')
  const piece = new Float64Array(1 << 18)
  for (let j = 0; j < columns; j++) {
    const { normal } = generator(j + 1)
    for (let from = 0; from < rows; from += piece.length) {
      const length = Math.min(piece.length, rows - from)
      for (let i = 0; i < length; i++) piece[i] = cell(from + i, j, normal)
      writeSync(file, new Uint8Array(piece.buffer, 0, 8 * length))
    }
  }
  closeSync(file)
}

function writeCsv(path) {
  const file = openSync(path, 'w')
  const { normal } = generator(1)
  writeSync(file, `${Array.from({ length: columns }, (_, j) => `x${j + 1}`).join(',')}\n`)
  for (let from = 0; from < rows; from += 20_000) {
    let text = ''
    for (let n = from; n < Math.min(rows, from + 20_000); n++) {
      for (let j = 0; j < columns; j++) text += `${j === 0 ? '' : ','}${cell(n, j, normal).toFixed(6)}`
      text += '\n'
    }
    writeSync(file, text)
  }
  closeSync(file)
}
