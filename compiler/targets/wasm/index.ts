export { compileWasm, wasmCompiler, wasmSupports } from './compile-wasm.js'
