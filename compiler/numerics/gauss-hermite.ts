/** Nodes z and log weights of ∫ g(z) dz ≈ Σ exp(logWeight) g(z), exact where g is exp(−z²) times a polynomial of degree 2n − 1. */
export interface HermiteRule {
  /** Ascending. */
  readonly nodes: Float64Array
  /** log of the weight times exp(z²). */
  readonly logWeights: Float64Array
}

/**
 * The Gauss–Hermite rule of n nodes. The nodes are the zeros of the Hermite function ψ_n(z) = H_n(z) exp(−z²/2) /
 * √(2ⁿ n! √π), found by bisection with the count of sign changes of ψ_0 … ψ_n (Sturm) and Newton's steps; the weight times
 * exp(z²) is 1 / Σ_{k<n} ψ_k(z)² (Christoffel; Gautschi 2004, section 1.4.2), which holds its relative accuracy in the tails.
 */
export function gaussHermite(n: number): HermiteRule {
  const nodes = new Float64Array(n)
  const logWeights = new Float64Array(n)
  const edge = Math.sqrt(2 * n + 1)
  for (let i = 0; i < n; i++) {
    // the i-th zero from below: as many sign changes of the sequence as zeros above z
    let [low, high] = [-edge - 1, edge + 1]
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2
      if (zerosAbove(middle, n) > n - 1 - i) low = middle
      else high = middle
    }
    let z = (low + high) / 2
    if (2 * i + 1 === n) z = 0
    else
      for (let step = 0; step < 3; step++) {
        const { value, before } = hermite(z, n)
        // ψ_n′ = √(2n) ψ_{n−1} − z ψ_n
        const slope = Math.sqrt(2 * n) * before - z * value
        z -= value / slope
      }
    nodes[i] = z
    logWeights[i] = -Math.log(hermite(z, n).squares)
  }
  // the rule is symmetric
  for (let i = 0; i < n >> 1; i++) {
    const z = ((nodes[n - 1 - i] ?? 0) - (nodes[i] ?? 0)) / 2
    const w = ((logWeights[n - 1 - i] ?? 0) + (logWeights[i] ?? 0)) / 2
    nodes[i] = -z
    nodes[n - 1 - i] = z
    logWeights[i] = w
    logWeights[n - 1 - i] = w
  }
  return { nodes, logWeights }
}

/** ψ_n, ψ_{n−1} and Σ_{k<n} ψ_k² at z, by ψ_{k+1} = √(2/(k+1)) z ψ_k − √(k/(k+1)) ψ_{k−1}. */
function hermite(z: number, n: number): { readonly value: number; readonly before: number; readonly squares: number } {
  let before = 0
  let value = Math.PI ** -0.25 * Math.exp((-z * z) / 2)
  let squares = 0
  for (let k = 0; k < n; k++) {
    squares += value * value
    const next = Math.sqrt(2 / (k + 1)) * z * value - Math.sqrt(k / (k + 1)) * before
    before = value
    value = next
  }
  return { value, before, squares }
}

/** Zeros of H_n above z: sign changes of the sequence H_0(z), …, H_n(z), as ratios that cannot overflow. */
function zerosAbove(z: number, n: number): number {
  let changes = 0
  let ratio = 1
  for (let k = 0; k < n; k++) {
    // r_{k+1} = H̃_{k+1}/H̃_k with H̃_{k+1} = z H̃_k − (k/2) H̃_{k−1}
    ratio = k === 0 ? z : z - k / (2 * ratio)
    if (ratio === 0) ratio = -1e-300
    if (ratio < 0) changes++
  }
  return changes
}
