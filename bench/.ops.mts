import { readFileSync } from 'node:fs'
const root = process.env.ROOT ?? '/work/main'
const { derive } = await import(root + '/compiler/derive.ts')
const { distributionByName, signatures } = await import(root + '/compiler/distributions/index.ts')
const { check } = await import(root + '/lang/check.ts')
const { printKernelOp } = await import(root + '/compiler/kernel/print.ts')
const { optimiseRows } = await import(root + '/compiler/kernel/passes/index.ts')
const { emitKernel } = await import(root + '/compiler/targets/wasm/emit-kernel.ts')
const { instantiateKernel } = await import(root + '/compiler/targets/wasm/instantiate.ts')
const { blockRowsFor } = await import(root + '/compiler/targets/wasm/block-rows.ts')
const { engineFeatures } = await import(root + '/compiler/targets/wasm/engine-features.ts')
const [, , which, n0, k0, d0, block0] = process.argv
const [N, K, D] = [+n0, +k0, +d0]
const c = check({ name: which, text: readFileSync(`/tmp/w/${which}.estep`, 'utf8') }, signatures)
const d = derive(c.value, distributionByName).value
const p = d.program
const pass = p.passes[0]
const sizes = new Map([...p.sizes.keys()].map((s: string) => [s, /size:N|size:T/.test(s) ? N : /size:[DPJ]"/.test(s) ? D : /levels|max/.test(s) ? 4 : K]))
let u = 0
const ctx = { sizes, rows: pass.rows, fresh: (x: string) => `${x}~${u++}`, isComplete: () => true }
const ops = [...pass.posterior, ...pass.objective, ...pass.statistics]
const o = optimiseRows(ops, p.buffers, ctx)
if (process.env.SHOW) { for (const r of o.records) console.log(r.pass, r.applied.length, r.declined); console.log('prelude'); for (const x of o.program.prelude) console.log(printKernelOp(x)); console.log('rows'); for (const x of o.program.rows) console.log(printKernelOp(x)); console.log('post'); for (const x of o.program.postlude) console.log(printKernelOp(x)) }
const rows = o.program.rows
const rep = 20
let before = 0
for (let i = process.env.ALL ? rows.length : 1; i <= rows.length; i++) {
  const part = rows.slice(0, i)
  const blockRows = +(block0 ?? 0) || blockRowsFor(rows, o.program.buffers, o.program.sizes, pass.rows)
  const kernel = emitKernel({ ops: part, buffers: o.program.buffers, sizes: o.program.sizes, rows: pass.rows, blockRows, windowRows: 16384, resident: new Map(), shared: false, encode: { relaxed: engineFeatures().relaxed } })
  const memory = new WebAssembly.Memory({ initial: Math.ceil(kernel.privateBytes / 65536) + 1, maximum: 65536 })
  const f = new Float64Array(memory.buffer)
  const i32 = new Int32Array(memory.buffer)
  for (const b of [...kernel.whole]) for (let j = 0; j < b.length; j++) if (b.type === 'f64') f[b.offset / 8 + j] = 0.3 + 0.1 * Math.random(); 
  for (const b of kernel.rows) for (let j = 0; j < 16384 * b.length; j++) if (b.type === 'f64') f[b.offset / 8 + j] = Math.random(); else i32[b.offset / 4 + j] = Math.floor(4 * Math.random())
  const t0 = performance.now()
  const mod = new WebAssembly.Module(kernel.bytes)
  const run = instantiateKernel(kernel, mod, memory)
  const tc = performance.now() - t0
  let best = 1e9
  for (let r = 0; r < 12; r++) { const a = process.cpuUsage(); for (let q = 0; q < rep; q++) run(0, 0, 16384, 0); const b = process.cpuUsage(a); best = Math.min(best, (b.user + b.system) / rep) }
  const ns = best * 1000 / 16384
  console.log(`B=${blockRows} bytes ${kernel.bytes.length} compile ${tc.toFixed(1)} ms: ${ns.toFixed(2)} ns/row, +${(ns - before).toFixed(2)}  ${printKernelOp(part[i - 1]).slice(0, 150)}`)
  before = ns
}
