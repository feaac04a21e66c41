/** Caps on what is read from one file, in characters and columns. */
export const caps = { line: 16_000_000, field: 1_000_000, columns: 10_000 } as const
