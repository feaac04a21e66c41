export * as k from './build.js'
export { KernelError } from './kernel-error.js'
export { printAxis, printKernel, printKernelExpr, printKernelOp } from './print.js'
export type * from './types.js'
export type { VerifyOptions } from './verify.js'
export { verifyKernel, WRITABLE_SPACES } from './verify.js'
export {
  axesOf,
  buffersRead,
  buffersReadByOp,
  buffersWritten,
  childrenOf,
  expressionsOf,
  freeAxes,
  mapAxis,
  mapChildren,
  walk,
} from './visit.js'
