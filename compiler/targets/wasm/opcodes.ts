/** Binary codes of the instructions in use (WebAssembly Core Specification 2.0, §5.4; relaxed SIMD, §5.4.8). */

export type ValueType = 'i32' | 'i64' | 'f64' | 'v128'

/** Instructions without immediates, by their names in the specification; `f64x2.madd` is a·b + c, fused where the engine has it. */
export type OpName = keyof typeof opcodes | 'f64x2.madd' | 'f64x2.nmadd'

export type LoadName =
  | 'i32.load'
  | 'i64.load'
  | 'f64.load'
  | 'v128.load'
  | 'v128.load64_splat'
  | 'v128.load64_zero'
  | 'i32.load8_u'
  | 'i32.load16_u'

export type StoreName = 'i32.store' | 'f64.store' | 'v128.store'

export type LaneOp = 'f64x2.extract_lane' | 'f64x2.replace_lane' | 'i64x2.extract_lane' | 'i32x4.extract_lane'

interface Instruction {
  /** Bytes before any immediates; a SIMD code is [0xfd, code in LEB128]. */
  readonly code: readonly number[]
  readonly type: ValueType
}

const plain = (code: number, type: ValueType): Instruction => ({ code: [code], type })
const simd = (code: number, type: ValueType = 'v128'): Instruction => ({
  code: code < 128 ? [0xfd, code] : code < 16384 ? [0xfd, (code & 127) | 128, code >> 7] : [0xfd],
  type,
})

/** Instructions without immediates, with the type of their result. */
export const opcodes = {
  select: plain(0x1b, 'v128'),
  'i32.eqz': plain(0x45, 'i32'),
  'i32.eq': plain(0x46, 'i32'),
  'i32.ne': plain(0x47, 'i32'),
  'i32.lt_s': plain(0x48, 'i32'),
  'i32.lt_u': plain(0x49, 'i32'),
  'i32.gt_s': plain(0x4a, 'i32'),
  'i32.le_s': plain(0x4c, 'i32'),
  'i32.ge_s': plain(0x4e, 'i32'),
  'i64.eq': plain(0x51, 'i32'),
  'f64.eq': plain(0x61, 'i32'),
  'f64.ne': plain(0x62, 'i32'),
  'f64.lt': plain(0x63, 'i32'),
  'f64.gt': plain(0x64, 'i32'),
  'f64.le': plain(0x65, 'i32'),
  'f64.ge': plain(0x66, 'i32'),
  'i32.add': plain(0x6a, 'i32'),
  'i32.sub': plain(0x6b, 'i32'),
  'i32.mul': plain(0x6c, 'i32'),
  'i32.and': plain(0x71, 'i32'),
  'i32.or': plain(0x72, 'i32'),
  'i32.xor': plain(0x73, 'i32'),
  'i32.shl': plain(0x74, 'i32'),
  'i32.shr_s': plain(0x75, 'i32'),
  'i32.shr_u': plain(0x76, 'i32'),
  'i64.add': plain(0x7c, 'i64'),
  'i64.sub': plain(0x7d, 'i64'),
  'i64.and': plain(0x83, 'i64'),
  'i64.or': plain(0x84, 'i64'),
  'i64.shl': plain(0x86, 'i64'),
  'i64.shr_s': plain(0x87, 'i64'),
  'i64.shr_u': plain(0x88, 'i64'),
  'f64.abs': plain(0x99, 'f64'),
  'f64.neg': plain(0x9a, 'f64'),
  'f64.ceil': plain(0x9b, 'f64'),
  'f64.floor': plain(0x9c, 'f64'),
  'f64.trunc': plain(0x9d, 'f64'),
  'f64.nearest': plain(0x9e, 'f64'),
  'f64.sqrt': plain(0x9f, 'f64'),
  'f64.add': plain(0xa0, 'f64'),
  'f64.sub': plain(0xa1, 'f64'),
  'f64.mul': plain(0xa2, 'f64'),
  'f64.div': plain(0xa3, 'f64'),
  'f64.min': plain(0xa4, 'f64'),
  'f64.max': plain(0xa5, 'f64'),
  'f64.copysign': plain(0xa6, 'f64'),
  'i32.wrap_i64': plain(0xa7, 'i32'),
  'f64.convert_i32_s': plain(0xb7, 'f64'),
  'f64.convert_i64_s': plain(0xb9, 'f64'),
  'i64.extend_i32_s': plain(0xac, 'i64'),
  'i64.reinterpret_f64': plain(0xbd, 'i64'),
  'f64.reinterpret_i64': plain(0xbf, 'f64'),
  /** Saturating: NaN gives 0. */
  'i32.trunc_sat_f64_s': { code: [0xfc, 2], type: 'i32' } as Instruction,
  'i64.trunc_sat_f64_s': { code: [0xfc, 6], type: 'i64' } as Instruction,
  'i64x2.splat': simd(18),
  'f64x2.splat': simd(20),
  'f64x2.eq': simd(71),
  'f64x2.ne': simd(72),
  'f64x2.lt': simd(73),
  'f64x2.gt': simd(74),
  'f64x2.le': simd(75),
  'f64x2.ge': simd(76),
  'v128.not': simd(77),
  'v128.and': simd(78),
  'v128.andnot': simd(79),
  'v128.or': simd(80),
  'v128.xor': simd(81),
  'v128.bitselect': simd(82),
  'v128.any_true': simd(83, 'i32'),
  'f64x2.ceil': simd(116),
  'f64x2.floor': simd(117),
  'f64x2.trunc': simd(122),
  'f64x2.nearest': simd(148),
  'i64x2.all_true': simd(195, 'i32'),
  /** Shifts take an i32 for the count. */
  'i64x2.shl': simd(203),
  'i64x2.shr_s': simd(204),
  'i64x2.shr_u': simd(205),
  'i64x2.add': simd(206),
  'i64x2.sub': simd(209),
  'i64x2.eq': simd(214),
  'i64x2.ne': simd(215),
  'i64x2.lt_s': simd(216),
  'i64x2.gt_s': simd(217),
  'f64x2.abs': simd(236),
  'f64x2.neg': simd(237),
  'f64x2.sqrt': simd(239),
  'f64x2.add': simd(240),
  'f64x2.sub': simd(241),
  'f64x2.mul': simd(242),
  'f64x2.div': simd(243),
  'f64x2.min': simd(244),
  'f64x2.max': simd(245),
  'f64x2.pmin': simd(246),
  'f64x2.pmax': simd(247),
  /** The two low i32 lanes as f64. */
  'f64x2.convert_low_i32x4_s': simd(254),
  /** f64 lanes to the two low i32 lanes, saturating. */
  'i32x4.trunc_sat_f64x2_s_zero': simd(252),
} as const

/** The types that a select takes are those of its arguments: it is written as the typed form. */
export const selectCode = 0x1c

export const relaxed = {
  /** a·b + c, fused or not as the engine likes. */
  'f64x2.madd': [0xfd, 0x87, 0x02],
  /** −a·b + c. */
  'f64x2.nmadd': [0xfd, 0x88, 0x02],
} as const

export const laneOpcodes: Readonly<Record<LaneOp, { readonly code: readonly number[]; readonly type: ValueType }>> = {
  'i32x4.extract_lane': { code: [0xfd, 27], type: 'i32' },
  'i64x2.extract_lane': { code: [0xfd, 29], type: 'i64' },
  'f64x2.extract_lane': { code: [0xfd, 33], type: 'f64' },
  'f64x2.replace_lane': { code: [0xfd, 34], type: 'v128' },
}

/** Code, log2 of the alignment that is promised, type of the result. */
export const loadOpcodes: Readonly<
  Record<LoadName, { readonly code: readonly number[]; readonly align: number; readonly type: ValueType }>
> = {
  'i32.load': { code: [0x28], align: 2, type: 'i32' },
  'i64.load': { code: [0x29], align: 3, type: 'i64' },
  'f64.load': { code: [0x2b], align: 3, type: 'f64' },
  'i32.load8_u': { code: [0x2d], align: 0, type: 'i32' },
  'i32.load16_u': { code: [0x2f], align: 1, type: 'i32' },
  'v128.load': { code: [0xfd, 0], align: 3, type: 'v128' },
  'v128.load64_splat': { code: [0xfd, 10], align: 3, type: 'v128' },
  'v128.load64_zero': { code: [0xfd, 93], align: 3, type: 'v128' },
}

export const storeOpcodes: Readonly<Record<StoreName, { readonly code: readonly number[]; readonly align: number }>> = {
  'i32.store': { code: [0x36], align: 2 },
  'f64.store': { code: [0x39], align: 3 },
  'v128.store': { code: [0xfd, 11], align: 3 },
}

/** v128.load64_lane. */
export const loadLaneCode: readonly number[] = [0xfd, 87]
