export { compileWasm, wasmSupports } from './compile-wasm.js'
