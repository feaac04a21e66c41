/** Kernel operations with known sizes as a WebAssembly module: one function over the rows of a window of memory. */
import { KernelError } from '../../kernel/kernel-error.js'
import type { Buffer, KernelOp, SizeKey } from '../../kernel/types.js'
import { arityOf } from '../scalar-functions.js'
import type { SmallKind } from '../small.js'
import { accessesOf, type BufferAccess } from './accesses.js'
import { Code, get, i32, load, op } from './code.js'
import { type EncodeOptions, encodeModule } from './encode.js'
import { hoistConstants } from './hoist-constants.js'
import { IMPORT_SMALL } from './instantiate.js'
import { range } from './loops.js'
import { ExprLowering } from './lower-expr.js'
import { type BlockRows, OpLowering, type Rows } from './lower-op.js'
import { isOneByOne } from './one-by-one.js'
import { aligned, type Place, rowMajor, rowsApart, rowsLast } from './place.js'
import { opsInStrips } from './strips.js'
import { SIDES, type TwoAtOnce, twoAtOnce } from './two-at-once.js'
import type { WExpr, WImport, WModule } from './wasm-ast.js'

export interface KernelRequest {
  readonly ops: readonly KernelOp[]
  readonly buffers: readonly Buffer[]
  readonly sizes: ReadonlyMap<SizeKey, number>
  /** The axis that runs over rows, and the table of its rows; null: every axis has its full extent. */
  readonly rows: { readonly table: string; readonly axis: string } | null
  /** Rows that are computed at once: a multiple of 8. */
  readonly blockRows: number
  /** Rows that a window holds, for the rows of data that lie in it. */
  readonly windowRows: number
  /** Addresses of buffers that lie outside the private area, once for all threads. */
  readonly resident: ReadonlyMap<string, number>
  /** The memory is one that threads share. */
  readonly shared: boolean
  readonly encode: EncodeOptions
}

/** Where the kernel expects a buffer: bytes from the start of the private area, or an address where it is resident. */
export interface PlacedBuffer {
  readonly buffer: string
  readonly type: 'f64' | 'i32'
  readonly offset: number
  /** Elements; of one row for rows. */
  readonly length: number
  readonly resident: boolean
  readonly read: boolean
  readonly written: boolean
}

/** A compiled kernel as plain data. `run(base, from, to, first)`: rows [from, to) of the window,
 * of which row r is number first + r; what is resident is read at that number. */
export interface WasmKernel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Functions of the scalar language that it imports, by name. */
  readonly functions: readonly string[]
  /** Dense operations that it imports. */
  readonly small: readonly SmallKind[]
  /** Buffers that are there as a whole. */
  readonly whole: readonly PlacedBuffer[]
  /** Buffers of which the window holds some rows, row-major. */
  readonly rows: readonly PlacedBuffer[]
  /** What lives for one block: `rowsLast` says that the rows are the fastest index. */
  readonly scratch: readonly (PlacedBuffer & { readonly rowsLast: boolean })[]
  /** Length of the private area in bytes. */
  readonly privateBytes: number
  readonly blockRows: number
  /** Elements from one column of `rowsLast` scratch to the next. */
  readonly rowsApart: number
}

/** Where the rows of a block begin in a buffer; set for each block. */
interface RowPointer {
  readonly pointer: WExpr & { readonly w: 'get' }
  readonly area: WExpr
  readonly resident: boolean
  readonly bytesPerRow: number
}

/** Throws a KernelError where the operations were to be declined. */
export function emitKernel(request: KernelRequest): WasmKernel {
  return new KernelEmitter(request).emit()
}

class KernelEmitter {
  readonly #places = new Map<string, Place>()
  readonly #declared: ReadonlyMap<string, Buffer>
  readonly #functions = new Map<string, WImport>()
  readonly #small = new Map<SmallKind, WImport>()
  readonly #whole: PlacedBuffer[] = []
  readonly #rows: PlacedBuffer[] = []
  readonly #scratch: (PlacedBuffer & { readonly rowsLast: boolean })[] = []
  /** Row data that is turned so that rows lie next to each other, at the start of a block. */
  readonly #turned: { readonly from: Place; readonly to: Place }[] = []
  readonly #pointers: RowPointer[] = []
  readonly #accesses: ReadonlyMap<string, BufferAccess>
  readonly #two: TwoAtOnce | null
  #end = 0

  constructor(private readonly request: KernelRequest) {
    this.#declared = new Map(request.buffers.map((buffer) => [buffer.id, buffer]))
    const rowAxis = request.rows?.axis ?? null
    this.#accesses = accessesOf(request.ops, rowAxis)
    this.#two = twoAtOnce(request.ops, this.#declared, this.#accesses, rowAxis, (key) => this.#size(key))
  }

  emit(): WasmKernel {
    const { request } = this
    const code = new Code('run', ['i32', 'i32', 'i32', 'i32'])
    const [base, from, to, first] = code.params
    if (base === undefined || from === undefined || to === undefined || first === undefined)
      throw new KernelError('a function has no parameters')
    this.#placeAll(code, get(base))
    const exprs = new ExprLowering(code, {
      rowAxis: request.rows?.axis ?? null,
      places: this.#places,
      sizes: (key) => this.#size(key),
      imported: (fn, arity) => this.#import(fn, arity),
    })
    const oneByOne = isOneByOne(request.ops, request.rows?.axis ?? null)
    const ops = (block: BlockRows | null): void =>
      new OpLowering(exprs, block, (kind) => this.#importSmall(kind as SmallKind), oneByOne, this.#two).runAll(
        request.ops,
      )
    const { statements } = exprs.blocks.within('top', null, null, new Set(), () => {
      if (request.rows === null) ops(null)
      else this.#blocks(exprs, request.rows.axis, get(from), get(to), get(first), ops)
    })
    for (const statement of statements) code.emit(statement)
    const module: WModule = {
      imports: [...this.#functions.values(), ...this.#small.values()],
      functions: [hoistConstants(code.finish(true))],
      memory: { pages: 0, shared: request.shared, maximum: 65536 },
    }
    return {
      bytes: encodeModule(module, request.encode),
      functions: [...this.#functions.keys()],
      small: [...this.#small.keys()],
      whole: this.#whole,
      rows: this.#rows,
      scratch: this.#scratch,
      privateBytes: this.#end,
      blockRows: request.blockRows,
      rowsApart: rowsApart(request.blockRows),
    }
  }

  /** The operations for one block of rows after another. */
  #blocks(
    exprs: ExprLowering,
    axis: string,
    from: WExpr,
    to: WExpr,
    first: WExpr,
    ops: (block: BlockRows) => void,
  ): void {
    const { blocks } = exprs
    const written = new Set(
      [...this.#scratch, ...this.#rows, ...this.#whole].filter((b) => b.written).map((b) => b.buffer),
    )
    for (const { to: turned } of this.#turned) written.add(turned.buffer)
    range(
      exprs,
      null,
      from,
      to,
      this.request.blockRows,
      written,
      () => {
        const start = blocks.current.variable ?? from
        const left = blocks.bind(op('i32.sub', to, start))
        const most = i32(this.request.blockRows)
        const rows = blocks.bind(op('select', left, most, op('i32.lt_s', left, most)))
        const firstRow = blocks.bind(op('i32.add', first, start))
        exprs.firstRow = { value: firstRow, depth: blocks.depth }
        for (const { pointer, area, resident, bytesPerRow } of this.#pointers)
          blocks.append({
            w: 'set',
            local: pointer.local,
            value: op('i32.add', area, op('i32.mul', resident ? firstRow : start, i32(bytesPerRow))),
          })
        const bring = (some: Rows): void => {
          for (const turn of this.#turned) this.#turn(exprs, turn.from, turn.to, some)
        }
        ops({ axis, rows, most: this.request.blockRows, inStrips: opsInStrips(this.request, axis), bring })
      },
      false,
      true,
    )
  }

  /** Copies rows of the block so that they lie next to each other, column by column. */
  #turn(exprs: ExprLowering, from: Place, to: Place, rows: Rows): void {
    const { blocks } = exprs
    const width = from.strides[0] ?? 0
    const columns = width / 8
    range(exprs, null, rows.from, rows.to, 1, new Set([to.buffer]), () => {
      const row = blocks.current.variable ?? i32(0)
      const source = blocks.bind(op('i32.add', from.origin?.address ?? i32(0), op('i32.mul', row, i32(width))))
      const target = blocks.bind(op('i32.add', to.origin?.address ?? i32(0), op('i32.mul', row, i32(8))))
      const stride = rowsApart(this.request.blockRows) * 8
      if (columns <= 16) {
        for (let j = 0; j < columns; j++)
          blocks.append({
            w: 'store',
            op: 'f64.store',
            address: target,
            offset: to.offset + j * stride,
            value: load('f64.load', source, from.offset + j * 8),
          })
        return
      }
      range(exprs, null, i32(0), i32(columns), 1, new Set([to.buffer]), () => {
        const column = blocks.current.variable ?? i32(0)
        blocks.append({
          w: 'store',
          op: 'f64.store',
          address: op('i32.add', target, op('i32.mul', column, i32(stride))),
          offset: to.offset,
          value: load('f64.load', op('i32.add', source, op('i32.mul', column, i32(8))), from.offset),
        })
      })
    })
  }

  #placeAll(code: Code, base: WExpr): void {
    const { request } = this
    const oneByOne = isOneByOne(request.ops, request.rows?.axis ?? null)
    for (const [id, access] of this.#accesses) {
      const buffer = this.#declared.get(id)
      if (buffer === undefined) throw new KernelError(`buffer ${id} is not declared`)
      const extents = buffer.shape.map((key) => this.#size(key))
      const bytes = buffer.type === 'f64' ? 8 : 4
      const rest = extents.slice(1).reduce((product, extent) => product * extent, 1)
      const address = request.resident.get(id)
      const common = { buffer: id, type: buffer.type, read: access.read, written: access.written }
      const privately = { address: base, depth: 0 }
      const { rows } = request
      if (rows !== null && buffer.space === 'scratch' && buffer.rows === rows.table) {
        const natural = access.dense || access.rowByRow
        const apart = natural ? request.blockRows : rowsApart(request.blockRows)
        const offset = this.#allocate(apart * rest * bytes)
        const strides = natural ? rowMajor(extents, bytes) : rowsLast(extents, bytes, apart)
        const blockLong = [request.blockRows, ...extents.slice(1)]
        this.#places.set(id, {
          buffer: id,
          type: buffer.type,
          kind: 'rows',
          origin: privately,
          offset,
          strides,
          extents: blockLong,
        })
        this.#scratch.push({ ...common, offset, length: rest, resident: false, rowsLast: !natural })
        continue
      }
      if (rows !== null && access.byRow && extents.length > 0) {
        const offset = address ?? this.#allocate(request.windowRows * rest * bytes)
        const pointer = code.local('i32')
        const area = address === undefined ? base : i32(0)
        const own = { w: 'get', local: pointer } as const
        this.#pointers.push({ pointer: own, area, resident: address !== undefined, bytesPerRow: rest * bytes })
        const natural: Place = {
          buffer: id,
          type: buffer.type,
          kind: 'rows',
          origin: { address: own, depth: 1 },
          offset,
          strides: rowMajor(extents, bytes),
          extents,
        }
        this.#rows.push({ ...common, offset, length: rest, resident: address !== undefined })
        const isNatural = rest === 1 || access.written || access.dense || access.rowByRow || access.once || oneByOne
        if (buffer.type === 'i32' || isNatural) {
          this.#places.set(id, natural)
          continue
        }
        const turned: Place = {
          ...natural,
          origin: privately,
          offset: this.#allocate(rowsApart(request.blockRows) * rest * bytes),
          strides: rowsLast(extents, bytes, rowsApart(request.blockRows)),
        }
        this.#places.set(id, turned)
        this.#turned.push({ from: natural, to: turned })
        continue
      }
      const length = extents.reduce((product, extent) => product * extent, 1)
      if (this.#two?.own.has(id) === true) {
        const offset = this.#allocate(SIDES * length * bytes)
        const sides = [SIDES, ...extents]
        this.#places.set(id, {
          buffer: id,
          type: buffer.type,
          kind: 'whole',
          origin: privately,
          offset,
          strides: rowMajor(sides, bytes),
          extents: sides,
        })
        this.#whole.push({ ...common, offset, length, resident: false })
        continue
      }
      const offset = address ?? this.#allocate(length * bytes)
      const origin = address === undefined ? privately : null
      this.#places.set(id, {
        buffer: id,
        type: buffer.type,
        kind: 'whole',
        origin,
        offset,
        strides: rowMajor(extents, bytes),
        extents,
      })
      this.#whole.push({ ...common, offset, length, resident: address !== undefined })
    }
  }

  #allocate(bytes: number): number {
    const offset = this.#end
    this.#end = aligned(this.#end + bytes + 16)
    return offset
  }

  #size(key: SizeKey): number {
    const size = this.request.sizes.get(key)
    if (size === undefined) throw new KernelError(`size ${key} is not bound`)
    return size
  }

  #import(fn: string, arity: number): string {
    const known = arityOf(fn as never) ?? arity
    this.#functions.set(fn, { name: fn, params: Array.from({ length: known }, () => 'f64' as const), result: 'f64' })
    return fn
  }

  #importSmall(kind: SmallKind): string {
    const name = `${IMPORT_SMALL}${kind}`
    this.#small.set(kind, { name, params: ['i32', 'i32', 'i32', 'i32'], result: null })
    return name
  }
}
