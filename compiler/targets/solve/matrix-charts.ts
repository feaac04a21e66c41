/** Unconstrained coordinates of covariance and correlation matrices. */
import type { Chart } from './chart.js'

const get = (a: Float64Array, i: number): number => a[i] ?? 0

/** Lower Cholesky factor of a matrix; pivots that are not positive become tiny. */
function choleskyOf(t: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = get(t, i * n + j)
      for (let m = 0; m < j; m++) sum -= get(l, i * n + m) * get(l, j * n + m)
      l[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / get(l, j * n + j)
    }
  return l
}

/** S = L Lᵀ with log of the diagonal of L (Pinheiro and Bates 1996). */
export function covariance(n: number): Chart {
  const places: (readonly [number, number])[] = []
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) places.push([i, j])
  const free = places.length
  const factor = (e: Float64Array): Float64Array => {
    const l = new Float64Array(n * n)
    places.forEach(([i, j], p) => {
      l[i * n + j] = i === j ? Math.exp(get(e, p)) : get(e, p)
    })
    return l
  }
  const scale = (l: Float64Array, [i, j]: readonly [number, number]): number => (i === j ? get(l, i * n + i) : 1)
  /** Σ g_rs (E Lᵀ + L Eᵀ)_rs for E the unit matrix at a place. */
  const slope = (l: Float64Array, g: Float64Array, [i, j]: readonly [number, number]): number => {
    let sum = 0
    for (let s = 0; s < n; s++) sum += (get(g, i * n + s) + get(g, s * n + i)) * get(l, s * n + j)
    return sum
  }
  return {
    size: n * n,
    free,
    toFree: (t) => {
      const l = choleskyOf(t, n)
      return Float64Array.from(places, ([i, j]) => (i === j ? Math.log(get(l, i * n + i)) : get(l, i * n + j)))
    },
    fromFree: (e) => {
      const l = factor(e)
      const out = new Float64Array(n * n)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          for (let m = 0; m <= Math.min(i, j); m++)
            out[i * n + j] = get(out, i * n + j) + get(l, i * n + m) * get(l, j * n + m)
      return out
    },
    jacobian: (e) => {
      const l = factor(e)
      const out = new Float64Array(n * n * free)
      places.forEach(([i, j], p) => {
        const s = scale(l, [i, j])
        for (let m = 0; m < n; m++) {
          out[(i * n + m) * free + p] = get(out, (i * n + m) * free + p) + s * get(l, m * n + j)
          out[(m * n + i) * free + p] = get(out, (m * n + i) * free + p) + s * get(l, m * n + j)
        }
      })
      return out
    },
    curvature: (e, g) => {
      const l = factor(e)
      const out = new Float64Array(free * free)
      for (const [p, x] of places.entries())
        for (const [q, y] of places.entries()) {
          let value = 0
          if (x[1] === y[1]) value += scale(l, x) * scale(l, y) * (get(g, x[0] * n + y[0]) + get(g, y[0] * n + x[0]))
          if (p === q && x[0] === x[1]) value += scale(l, x) * slope(l, g, x)
          out[p * free + q] = value
        }
      return out
    },
  }
}

/**
 * R_ij = u_i · u_j with u_i = v_i / |v_i| and v_i = (η_i1, …, η_i,i−1, 1, 0, …): the rows of the Cholesky factor of R,
 * which have length 1, over their last number (Pinheiro and Bates 1996).
 */
export function correlation(n: number): Chart {
  const places: (readonly [number, number])[] = []
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) places.push([i, j])
  const free = places.length
  /** Rows u, and 1/|v| of each. */
  const rows = (e: Float64Array): { readonly u: Float64Array; readonly r: Float64Array } => {
    const u = new Float64Array(n * n)
    for (let i = 0; i < n; i++) u[i * n + i] = 1
    places.forEach(([i, j], p) => {
      u[i * n + j] = get(e, p)
    })
    const r = new Float64Array(n)
    for (let i = 0; i < n; i++) {
      r[i] = 1 / Math.hypot(...u.subarray(i * n, (i + 1) * n))
      for (let j = 0; j <= i; j++) u[i * n + j] = get(u, i * n + j) * get(r, i)
    }
    return { u, r }
  }
  const dot = (a: Float64Array, i: number, b: Float64Array, j: number): number => {
    let sum = 0
    for (let m = 0; m < n; m++) sum += get(a, i * n + m) * get(b, j * n + m)
    return sum
  }
  /** ∂u_i/∂η_ib = (e_b − u_i u_ib) / |v_i|, one row for each place. */
  const slopes = (u: Float64Array, r: Float64Array): Float64Array => {
    const out = new Float64Array(free * n)
    places.forEach(([i, b], p) => {
      for (let m = 0; m < n; m++)
        out[p * n + m] = get(r, i) * ((m === b ? 1 : 0) - get(u, i * n + m) * get(u, i * n + b))
    })
    return out
  }
  return {
    size: n * n,
    free,
    toFree: (t) => {
      const l = choleskyOf(t, n)
      return Float64Array.from(places, ([i, j]) => get(l, i * n + j) / get(l, i * n + i))
    },
    fromFree: (e) => {
      const { u } = rows(e)
      return Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n]
        return i === j ? 1 : dot(u, i, u, j)
      })
    },
    jacobian: (e) => {
      const { u, r } = rows(e)
      const du = slopes(u, r)
      const out = new Float64Array(n * n * free)
      places.forEach(([i], p) => {
        for (let j = 0; j < n; j++) {
          if (j === i) continue
          const slope = dot(du, p, u, j)
          out[(i * n + j) * free + p] = slope
          out[(j * n + i) * free + p] = slope
        }
      })
      return out
    },
    curvature: (e, g) => {
      const { u, r } = rows(e)
      const du = slopes(u, r)
      const both = (i: number, j: number): number => get(g, i * n + j) + get(g, j * n + i)
      const out = new Float64Array(free * free)
      for (const [p, [a, b]] of places.entries())
        for (const [q, [c, d]] of places.entries()) {
          let value = 0
          if (a !== c) value = both(a, c) * dot(du, p, du, q)
          else {
            // ∂²u/∂η_b ∂η_d = −(u_d e_b + u_b e_d + [b = d] u − 3 u u_b u_d) / |v|²
            const [ub, ud] = [get(u, a * n + b), get(u, a * n + d)]
            for (let j = 0; j < n; j++) {
              if (j === a) continue
              const along = (b === d ? 1 : 0) - 3 * ub * ud
              const bend = ud * get(u, j * n + b) + ub * get(u, j * n + d) + along * dot(u, a, u, j)
              value -= both(a, j) * get(r, a) ** 2 * bend
            }
          }
          out[p * free + q] = value
        }
      return out
    },
  }
}
