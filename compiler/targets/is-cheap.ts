import type { KExpr } from '../kernel/types.js'
import { walk } from '../kernel/visit.js'

/** A few loads and arithmetic: no calls, loops or branches. */
export function isCheap(body: KExpr): boolean {
  let nodes = 0
  let dear = false
  walk(body, (part) => {
    nodes += 1
    if (part.k === 'call' || part.k === 'reduce' || part.k === 'select' || part.k === 'pow') dear = true
    if (part.k === 'covariance') dear = true
  })
  return !dear && nodes <= 8
}
