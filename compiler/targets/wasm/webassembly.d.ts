/** The part of the WebAssembly interface that every engine has, as the types of neither Node nor the page are used here. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number
    readonly maximum?: number
    readonly shared?: boolean
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer)
  }
  type ImportValue = Memory | ((...args: never[]) => unknown)
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, ImportValue>>>>)
    readonly exports: Readonly<Record<string, (...args: number[]) => number | undefined>>
  }
  function validate(bytes: ArrayBufferView | ArrayBuffer): boolean
}
