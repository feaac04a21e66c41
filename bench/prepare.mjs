/**
 * `node bench/prepare.mjs`: installs the programs that Estep is measured against into `bench/.peers`, which git ignores,
 * and says in one line each which of them are missing, and why. What is already there is left alone. R comes from Debian's
 * packages, for which one must be root.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { environment } from './lib/environment.mjs'

const here = fileURLToPath(new URL('./', import.meta.url))
const home = `${here}.peers/`
const python = `${home}venv/bin/python`

/** Versions are pinned: a result names them, and can be made again. */
const packages = [
  ['numpy', '2.4.6'],
  ['scikit-learn', '1.9.1'],
  ['threadpoolctl', '3.8.0'],
  ['hmmlearn', '0.3.3'],
  ['mixle', '0.8.2'],
  ['pomegranate', '1.1.2'],
]
/** States for which the chain is compiled. */
export const CHAIN_STATES = [2, 4, 8, 16]

function run(command, args, options = {}) {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
    ...options,
  })
}

/** The last line that a failed command wrote, or what else is known. */
function reason(error) {
  const lines = `${error.stderr ?? ''}`
    .trim()
    .split('\n')
    .filter((line) => line !== '')
  return (
    lines.findLast((line) => /error|unable|not found|no matching/i.test(line)) ??
    lines.at(-1) ??
    error.message
  ).slice(0, 200)
}

/** What could be made ready, as `{ name, ok, version | why }`. */
export function prepare({ install = true } = {}) {
  mkdirSync(home, { recursive: true })
  const found = []
  const attempt = (name, make) => {
    try {
      found.push({ name, ok: true, version: make() })
    } catch (error) {
      found.push({ name, ok: false, why: reason(error) })
    }
  }
  attempt('python', () => {
    if (!existsSync(python) && install) run('python3', ['-m', 'venv', `${home}venv`])
    return run(python, ['--version']).trim()
  })
  for (const [name, version] of packages) attempt(name, () => pythonPackage(name, version, install))
  attempt('gcc', () => {
    for (const states of CHAIN_STATES) {
      for (const [suffix, flags] of [
        ['', []],
        ['-openmp', ['-fopenmp']],
      ]) {
        const target = `${home}hidden-chain-${states}${suffix}`
        const source = `${here}peers/hidden-chain.c`
        run('gcc', ['-O3', '-march=native', `-DS=${states}`, ...flags, '-o', target, source, '-lm'])
      }
    }
    return run('gcc', ['--version']).split('\n')[0]
  })
  attempt('R', () => rPackage(null, install))
  for (const name of ['mclust', 'flexmix']) attempt(name, () => rPackage(name, install))
  for (const major of [20, 24]) attempt(`Node ${major}`, () => run(nodeOf(major, install), ['--version']).trim())
  return found
}

function pythonPackage(name, version, install) {
  const installed = () =>
    run(python, ['-c', `import importlib.metadata as m; print(m.version(${JSON.stringify(name)}))`]).trim()
  try {
    return installed()
  } catch (error) {
    if (!install) throw error
  }
  // a package that failed is not tried again each time
  const note = `${home}failed-${name}-${version}.txt`
  if (existsSync(note)) throw new Error(`${readFileSync(note, 'utf8')} (remove ${note} to try again)`)
  try {
    const own = name === 'pomegranate' ? pomegranate(version) : [[`${name}==${version}`]]
    for (const args of own) run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args])
  } catch (error) {
    writeFileSync(note, reason(error))
    throw error
  }
  return installed()
}

/** Its PyTorch is taken without the packages for graphics processors, which are gigabytes. */
const pomegranate = (version) => [
  ['--no-deps', 'torch==2.9.1', `pomegranate==${version}`, 'apricot-select==0.6.1'],
  ['typing-extensions', 'sympy', 'networkx', 'jinja2', 'fsspec', 'filelock', 'scipy', 'nose', 'tqdm', 'numba'],
]

function rPackage(name, install) {
  const version = () =>
    name === null
      ? run('Rscript', ['--version']).trim() || 'R'
      : run('Rscript', ['-e', `cat(as.character(packageVersion(${JSON.stringify(name)})))`]).trim()
  try {
    return version()
  } catch (error) {
    if (!install) throw error
    if (process.getuid?.() !== 0) throw new Error('not root: apt-get install r-base-core r-cran-mclust r-cran-flexmix')
  }
  const packages = name === null ? ['r-base-core'] : [`r-cran-${name}`]
  run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    env: { ...environment(), DEBIAN_FRONTEND: 'noninteractive' },
  })
  return version()
}

/** The path of Node of a major version, which is installed where this process has another one. */
export function nodeOf(major, install = false) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const folder = `${home}node${major}`
  const path = `${folder}/node_modules/node/bin/node`
  if (!existsSync(path) && install) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/package.json`, '{ "private": true }\n')
    run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `node@${major}`])
  }
  return path
}

/** One line each; the missing ones with their reasons. */
export function describe(found) {
  return found
    .map(({ name, ok, version, why }) => (ok ? `${name}: ${version}` : `${name}: MISSING — ${why}`))
    .join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(describe(prepare()))
