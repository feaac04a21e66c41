/**
 * The environment of a measured program. Settings that hold NumPy's OpenBLAS back to an older kernel are left out, since peers are
 * measured at their best; `threads` goes to OpenBLAS and OpenMP.
 */
export function environment(threads = null) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest } = process.env
  if (threads === null) return rest
  return { ...rest, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) }
}
