/** Signatures of every distribution of the language, for tests of the type checker. */
export { signatures } from '../../compiler/distributions/index.js'
