/** Adding one array to another where both lie in one memory: what is left to do of a pass when its chunks are done. */
import { KernelError } from '../../kernel/kernel-error.js'
import { Code, get, i32, load, op } from './code.js'
import { encodeModule } from './encode.js'

/** Adds `length` numbers at address `part` to those at address `total`. */
export type AddNumbers = (total: number, part: number, length: number) => void

/** Bytes of a pair of numbers. */
const PAIR = 16

export function addNumbersIn(memory: WebAssembly.Memory, shared: boolean): AddNumbers {
  const bytes = encodeModule(
    { imports: [], functions: [addition()], memory: { pages: 0, shared, maximum: 65_536 } },
    { relaxed: false },
  )
  const { add } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports
  if (typeof add !== 'function') throw new KernelError('a module has no function')
  return (total, part, length) => {
    add(total, part, length)
  }
}

/** Pairs of numbers as long as there are any, then the last one of an odd number. */
function addition(): ReturnType<Code['finish']> {
  const code = new Code('add', ['i32', 'i32', 'i32'])
  const [total, part, length] = code.params
  if (total === undefined || part === undefined || length === undefined)
    throw new KernelError('a function has no parameters')
  const end = code.bind(op('i32.add', get(total), op('i32.mul', op('i32.shr_u', get(length), i32(1)), i32(PAIR))))
  const isLeft = op('i32.lt_u', get(total), end)
  const pairs = code.block(() => {
    code.store('v128.store', get(total), op('f64x2.add', load('v128.load', get(total)), load('v128.load', get(part))))
    code.set(total, op('i32.add', get(total), i32(PAIR)))
    code.set(part, op('i32.add', get(part), i32(PAIR)))
  })
  const last = code.block(() =>
    code.store('f64.store', get(total), op('f64.add', load('f64.load', get(total)), load('f64.load', get(part)))),
  )
  code.emit({ w: 'if', when: isLeft, then: [{ w: 'loop', body: pairs, again: isLeft }], otherwise: [] })
  code.emit({ w: 'if', when: op('i32.and', get(length), i32(1)), then: last, otherwise: [] })
  return code.finish(true)
}
