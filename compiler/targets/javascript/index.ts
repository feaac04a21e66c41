export type { Bindings, HelperBinding, IntegerBinding } from './bindings.js'
export { compileJavaScript } from './compile-javascript.js'
export { type EmittedJavaScript, emitJavaScript, javaScriptSupports } from './emit-javascript.js'
