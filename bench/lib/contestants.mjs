/** Command lines of the programs that take part in a workload. */
import { fileURLToPath } from 'node:url'
import { nodeOf } from '../prepare.mjs'

const bench = fileURLToPath(new URL('../', import.meta.url))

const threadsOf = (n) => (n === 1 ? '1 thread' : `${n} threads`)

/** Our side on both versions of Node, with one and with two threads. */
export function ours(workload, folder, fitOptions) {
  return [24, 20].flatMap((major) =>
    [1, 2].map((threads) => ({
      kind: 'ours',
      label: `Estep, Node ${major}, ${threadsOf(threads)}`,
      beside: false,
      slow: false,
      node: major,
      threads,
      command: nodeOf(major),
      args: [`${bench}ours.mjs`, workload.folder, folder, JSON.stringify({ ...fitOptions, threads })],
    })),
  )
}

/** Peers, each with each number of threads that it can use; those that are not installed are named with the reason. */
export function peers(workload, sizes, folder, found) {
  const missing = []
  const list = workload.peers.flatMap((peer) => {
    const needs = peer.needs ?? []
    const lacking = needs.map((name) => found.find((f) => f.name === name)).find((f) => f?.ok !== true)
    if (lacking !== undefined) {
      missing.push(`${workload.id}: ${peer.name} left out: ${lacking.name} is missing (${lacking.why})`)
      return []
    }
    return peer.threads.map((threads) => ({
      kind: 'peer',
      name: peer.name,
      label: peer.name + (peer.threads.length > 1 ? `, ${threadsOf(threads)}` : ''),
      threads,
      slow: peer.slow === true,
      beside: peer.beside === true,
      ...commandOf(peer, sizes, folder, threads),
    }))
  })
  return { list, missing }
}

function commandOf(peer, sizes, folder, threads) {
  const script = `${bench}peers/${peer.script}`
  const own = typeof peer.arguments === 'function' ? peer.arguments(sizes) : peer.arguments
  switch (peer.language) {
    case 'python':
      return { command: `${bench}.peers/${peer.environment ?? 'venv'}/bin/python`, args: [script, folder, ...own] }
    case 'r':
      return { command: 'Rscript', args: ['--vanilla', script, folder, ...own] }
    case 'c': {
      const binary = `${bench}.peers/hidden-chain-${sizes.S}${threads > 1 ? '-openmp' : ''}`
      return { command: binary, args: [folder, ...own] }
    }
    default:
      throw new Error(`no such language: ${peer.language}`)
  }
}
