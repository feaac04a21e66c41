export { compileInterpreter, interpreterSupports } from './compile-interpreter.js'
