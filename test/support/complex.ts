/**
 * Complex numbers and the functions of the expression language on them, for derivatives by a complex step: with f analytic,
 * Im f(x + ih)/h is f′(x) to the last digits for any tiny h (Squire and Trapp 1998). By series and recurrences of their own.
 */
export interface Complex {
  readonly re: number
  readonly im: number
}

export const complex = (re: number, im = 0): Complex => ({ re, im })
export const plus = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im)
export const minus = (a: Complex, b: Complex): Complex => complex(a.re - b.re, a.im - b.im)
export const times = (a: Complex, b: Complex): Complex => complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
export const scaled = (a: Complex, by: number): Complex => complex(a.re * by, a.im * by)
export function over(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size)
}

const ONE = complex(1)
const TINY = 1e-17

export const cexp = (z: Complex): Complex => scaled(complex(Math.cos(z.im), Math.sin(z.im)), Math.exp(z.re))
/** A real number has no rounding of its imaginary part: atan2 keeps it. */
export const clog = (z: Complex): Complex => complex(Math.log(Math.hypot(z.re, z.im)), Math.atan2(z.im, z.re))
export const csin = (z: Complex): Complex => complex(Math.sin(z.re) * Math.cosh(z.im), Math.cos(z.re) * Math.sinh(z.im))
export const ccos = (z: Complex): Complex =>
  complex(Math.cos(z.re) * Math.cosh(z.im), -Math.sin(z.re) * Math.sinh(z.im))

export function cpow(z: Complex, exponent: number): Complex {
  if (!Number.isInteger(exponent)) return cexp(scaled(clog(z), exponent))
  let out = ONE
  for (let i = 0; i < Math.abs(exponent); i++) out = times(out, z)
  return exponent < 0 ? over(ONE, out) : out
}

/** By halving, atan z = 2 atan(z/(1 + √(1 + z²))), and then its series. */
export function catan(z: Complex): Complex {
  const HALVINGS = 6
  let x = z
  for (let i = 0; i < HALVINGS; i++) x = over(x, plus(ONE, cpow(plus(ONE, times(x, x)), 0.5)))
  let power = x
  let sum = x
  for (let n = 1; n < 12; n++) {
    power = scaled(times(power, times(x, x)), -1)
    sum = plus(sum, scaled(power, 1 / (2 * n + 1)))
  }
  return scaled(sum, 2 ** HALVINGS)
}

/** Bernoulli numbers B_2, B_4, … . */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330]

/** Moves z up to where the asymptotic series holds; `step` is what each unit adds. */
function moved(z: Complex, step: (z: Complex) => Complex, series: (z: Complex) => Complex): Complex {
  let at = z
  let sum = complex(0)
  while (at.re < 16) {
    sum = plus(sum, step(at))
    at = plus(at, ONE)
  }
  return plus(sum, series(at))
}

/** log Γ, ψ and ψ′ (DLMF 5.11.1, 5.11.2 and its derivative, by the recurrences 5.5.1 and 5.5.2). */
export const clgamma = (z: Complex): Complex =>
  moved(
    z,
    (x) => scaled(clog(x), -1),
    (x) =>
      BERNOULLI.reduce(
        (s, b, k) => plus(s, scaled(cpow(x, -(2 * k + 1)), b / ((2 * k + 2) * (2 * k + 1)))),
        plus(minus(times(minus(x, complex(0.5)), clog(x)), x), complex(0.5 * Math.log(2 * Math.PI))),
      ),
  )
export const cdigamma = (z: Complex): Complex =>
  moved(
    z,
    (x) => scaled(over(ONE, x), -1),
    (x) =>
      BERNOULLI.reduce(
        (s, b, k) => minus(s, scaled(cpow(x, -(2 * k + 2)), b / (2 * k + 2))),
        minus(clog(x), over(complex(0.5), x)),
      ),
  )
export const ctrigamma = (z: Complex): Complex =>
  moved(
    z,
    (x) => cpow(x, -2),
    (x) =>
      BERNOULLI.reduce(
        (s, b, k) => plus(s, scaled(cpow(x, -(2 * k + 3)), b)),
        plus(over(ONE, x), scaled(cpow(x, -2), 0.5)),
      ),
  )

const SQRT_2PI = Math.sqrt(2 * Math.PI)

/** φ and Φ: ½ + φ(z) Σ z^(2n + 1)/(2n + 1)!! (DLMF 7.6.2); in the left tail the continued fraction (DLMF 7.9.3). */
export const cphi = (z: Complex): Complex => scaled(cexp(scaled(times(z, z), -0.5)), 1 / SQRT_2PI)
export function cPhi(z: Complex): Complex {
  if (z.re < -2) {
    const x = scaled(z, -1)
    let fraction = x
    for (let n = 200; n >= 1; n--) fraction = plus(x, over(complex(n), fraction))
    return over(cphi(x), fraction)
  }
  let term = z
  let sum = z
  for (let n = 1; Math.hypot(term.re, term.im) > TINY * Math.hypot(sum.re, sum.im) && n < 500; n++) {
    term = scaled(times(term, times(z, z)), 1 / (2 * n + 1))
    sum = plus(sum, term)
  }
  return plus(complex(0.5), times(cphi(z), sum))
}

/** I_ν for ν = 0, 1 by its power series (DLMF 10.25.2). */
export function cbessel(order: 0 | 1, z: Complex): Complex {
  const quarter = scaled(times(z, z), 0.25)
  let term = order === 0 ? ONE : scaled(z, 0.5)
  let sum = term
  for (let k = 1; k < 300; k++) {
    term = scaled(times(term, quarter), 1 / (k * (k + order)))
    sum = plus(sum, term)
  }
  return sum
}

/** P(a, z) by its series (DLMF 8.7.1), in a and z alike. */
export function cgammaP(a: Complex, z: Complex): Complex {
  let term = over(ONE, a)
  let sum = term
  for (let n = 1; n < 400; n++) {
    term = over(times(term, z), plus(a, complex(n)))
    sum = plus(sum, term)
  }
  return times(sum, cexp(minus(minus(times(a, clog(z)), z), clgamma(a))))
}

/** I_x(a, b) by its series (DLMF 8.17.7), for x up to about ½. */
export function cbetaI(a: Complex, b: Complex, x: Complex): Complex {
  let factor = ONE
  let sum = over(ONE, a)
  for (let n = 1; n < 600; n++) {
    factor = times(factor, scaled(times(minus(complex(n), b), x), 1 / n))
    sum = plus(sum, over(factor, plus(a, complex(n))))
  }
  const logBeta = minus(plus(clgamma(a), clgamma(b)), clgamma(plus(a, b)))
  return times(sum, cexp(minus(times(a, clog(x)), logBeta)))
}
