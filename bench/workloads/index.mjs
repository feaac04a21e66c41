/** The workloads of the table, in its order. */
import { fileURLToPath } from 'node:url'

const folders = [
  'W1-diagonal',
  'W2-full',
  'W3-narrow',
  'W4-wide',
  'W5-latent-classes',
  'W6-chain',
  'W6-chains',
  'W7-regressions',
  'W8-factors',
]

export async function workloads(only = null) {
  const all = await Promise.all(
    folders.map(async (name) => {
      const { workload } = await import(`./${name}/workload.mjs`)
      return { folder: fileURLToPath(new URL(`./${workload.model ?? name}/`, import.meta.url)), ...workload }
    }),
  )
  return only === null ? all : all.filter(({ id }) => only.some((name) => id === name || id.startsWith(`${name}-`)))
}
