import type { SparseGraph } from './sparse-graph.js'

const VARIABLE = 0
const ELEMENT = 1
/** A variable that went into another one or into a pivot, or an element that went into another one. */
const GONE = 2
/** A variable with so many neighbours that it is left for the end. */
const LATE = 3

/** Neighbours beyond this many times √n leave a cell for the end. */
const LATE_FACTOR = 10
const LATE_LEAST = 16

function int(array: Int32Array, index: number): number {
  return array[index] ?? 0
}

/**
 * Approximate minimum degree order on the quotient graph: Amestoy, Davis and Duff, "An approximate minimum degree
 * ordering algorithm", SIAM J. Matrix Anal. Appl. 17 (1996), with mass elimination, supervariables, aggressive
 * absorption (sections 3 to 5), and dense rows last (Amestoy, Davis and Duff, ACM TOMS 30 (2004)). Result: cells in the
 * order in which to eliminate them.
 *
 * A variable's list in `work` holds its elements, then its variables; an element's list holds its variables (L_e). The
 * lists that are alive never need more than the graph; `room` more (beyond the n that the next pivot may need) spares
 * moving them together.
 */
export function minimumDegree(graph: SparseGraph, room = Math.ceil(graph.neighbours.length / 5)): Int32Array {
  return new QuotientGraph(graph, room).run()
}

class QuotientGraph {
  private readonly n: number
  private readonly work: Int32Array
  private readonly start: Int32Array
  private readonly length: Int32Array
  /** How many elements stand in front of a variable's list. */
  private readonly elements: Int32Array
  private readonly kind: Uint8Array
  /** Cells that a variable stands for; negative while it is in the pivot's list, 0 when it is gone. */
  private readonly weight: Int32Array
  /** Upper bound of a variable's degree; of an element the weight of its list. */
  private readonly degree: Int32Array
  /** For an element e in reach of the pivot, tag + |L_e \ L_pivot|; 0: gone. */
  private readonly mark: Int32Array
  private readonly absorber: Int32Array
  private readonly head: Int32Array
  private readonly next: Int32Array
  private readonly previous: Int32Array
  private readonly bucket: Int32Array
  private readonly hash: Int32Array
  private readonly pivotOf: Int32Array
  private readonly late: number[] = []
  private used: number
  private tag = 2
  private longest = 0
  private least = 0
  private eliminated = 0
  private pivots = 0

  constructor(graph: SparseGraph, room: number) {
    const n = graph.order
    const entries = graph.neighbours.length
    this.n = n
    this.work = new Int32Array(entries + n + 1 + room)
    this.work.set(graph.neighbours)
    this.used = entries
    this.start = graph.starts.slice(0, n)
    this.length = new Int32Array(n)
    for (let i = 0; i < n; i++) this.length[i] = int(graph.starts, i + 1) - int(graph.starts, i)
    this.degree = this.length.slice()
    this.elements = new Int32Array(n)
    this.kind = new Uint8Array(n)
    this.weight = new Int32Array(n).fill(1)
    this.mark = new Int32Array(n).fill(1)
    this.absorber = new Int32Array(n).fill(-1)
    this.head = new Int32Array(n + 1).fill(-1)
    this.next = new Int32Array(n).fill(-1)
    this.previous = new Int32Array(n).fill(-1)
    this.bucket = new Int32Array(n).fill(-1)
    this.hash = new Int32Array(n)
    this.pivotOf = new Int32Array(n).fill(-1)
  }

  run(): Int32Array {
    const { n, degree, weight, kind } = this
    const most = Math.max(LATE_LEAST, LATE_FACTOR * Math.sqrt(n))
    for (let i = n - 1; i >= 0; i--) {
      if (int(degree, i) > most) {
        kind[i] = LATE
        weight[i] = 0
        this.eliminated += 1
        this.late.push(i)
      } else this.enlist(i, int(degree, i))
    }
    while (this.eliminated < n) {
      const pivot = this.takeLeast()
      this.eliminated += int(weight, pivot)
      this.gatherPivot(pivot)
      this.measureOverlaps(pivot)
      this.updateDegrees(pivot)
      this.joinAlike(pivot)
      this.restore(pivot)
    }
    return this.sequence()
  }

  private enlist(i: number, degree: number): void {
    const first = int(this.head, degree)
    this.next[i] = first
    this.previous[i] = -1
    if (first !== -1) this.previous[first] = i
    this.head[degree] = i
    if (degree < this.least) this.least = degree
  }

  private delist(i: number): void {
    const [before, after] = [int(this.previous, i), int(this.next, i)]
    if (after !== -1) this.previous[after] = before
    if (before !== -1) this.next[before] = after
    else this.head[int(this.degree, i)] = after
  }

  private takeLeast(): number {
    while (int(this.head, this.least) === -1) this.least += 1
    const pivot = int(this.head, this.least)
    const after = int(this.next, pivot)
    if (after !== -1) this.previous[after] = -1
    this.head[this.least] = after
    return pivot
  }

  /** L_pivot = its variables and those of its elements, which it absorbs. */
  private gatherPivot(pivot: number): void {
    const { work, start, length, elements, weight } = this
    const count = int(elements, pivot)
    if (count > 0 && this.used + this.least >= work.length) this.compact()
    const own = int(start, pivot)
    const ownEnd = own + int(length, pivot)
    const from = count === 0 ? own : this.used
    weight[pivot] = -int(weight, pivot)
    let to = from
    let total = 0
    for (let k = 0; k <= count; k++) {
      const element = k === count ? -1 : int(work, own + k)
      const first = element === -1 ? own + count : int(start, element)
      const last = element === -1 ? ownEnd : first + int(length, element)
      for (let at = first; at < last; at++) {
        const i = int(work, at)
        const weightI = int(weight, i)
        if (weightI <= 0) continue
        total += weightI
        weight[i] = -weightI
        work[to] = i
        to += 1
        this.delist(i)
      }
      if (element !== -1) this.drop(element)
    }
    if (count > 0) this.used = to
    start[pivot] = from
    length[pivot] = to - from
    this.degree[pivot] = total
    this.kind[pivot] = ELEMENT
  }

  private drop(element: number): void {
    this.kind[element] = GONE
    this.mark[element] = 0
  }

  /** mark[e] − tag = weight of L_e outside L_pivot, for each element next to a variable of L_pivot. */
  private measureOverlaps(pivot: number): void {
    const { work, start, elements, weight, mark, degree } = this
    if (this.tag > 2 ** 30 - this.n) this.resetMarks()
    const tag = this.tag
    const from = int(start, pivot)
    const to = from + int(this.length, pivot)
    for (let at = from; at < to; at++) {
      const i = int(work, at)
      const weightI = -int(weight, i)
      const first = int(start, i)
      const last = first + int(elements, i)
      for (let p = first; p < last; p++) {
        const e = int(work, p)
        const markE = int(mark, e)
        if (markE >= tag) mark[e] = markE - weightI
        else if (markE !== 0) mark[e] = int(degree, e) + tag - weightI
      }
    }
  }

  private resetMarks(): void {
    for (let i = 0; i < this.n; i++) if (this.mark[i] !== 0) this.mark[i] = 1
    this.tag = 2
  }

  /** Degrees outside L_pivot, lists without what is gone, and variables with nothing left outside go with the pivot. */
  private updateDegrees(pivot: number): void {
    const { work, start, length, elements, weight, mark, degree, tag } = this
    const from = int(start, pivot)
    const to = from + int(length, pivot)
    for (let at = from; at < to; at++) {
      const i = int(work, at)
      const first = int(start, i)
      const firstVariable = first + int(elements, i)
      const last = first + int(length, i)
      let kept = first
      let outside = 0
      let sum = 0
      for (let p = first; p < firstVariable; p++) {
        const e = int(work, p)
        const markE = int(mark, e)
        if (markE === 0) continue
        if (markE > tag) {
          outside += markE - tag
          work[kept] = e
          kept += 1
          sum = (sum + e) | 0
        } else this.drop(e)
      }
      const variablesFrom = kept
      elements[i] = kept - first + 1
      for (let p = firstVariable; p < last; p++) {
        const j = int(work, p)
        const weightJ = int(weight, j)
        if (weightJ <= 0) continue
        outside += weightJ
        work[kept] = j
        kept += 1
        sum = (sum + j) | 0
      }
      if (outside === 0) {
        const weightI = -int(weight, i)
        this.degree[pivot] = int(degree, pivot) - weightI
        weight[pivot] = int(weight, pivot) - weightI
        this.eliminated += weightI
        this.absorb(i, pivot)
        continue
      }
      if (outside < int(degree, i)) degree[i] = outside
      // The pivot becomes the first element; one entry at least went with it, so there is room.
      work[kept] = int(work, variablesFrom)
      work[variablesFrom] = int(work, first)
      work[first] = pivot
      length[i] = kept - first + 1
      const key = (sum >>> 0) % this.n
      this.hash[i] = key
      this.next[i] = int(this.bucket, key)
      this.bucket[key] = i
    }
    if (int(degree, pivot) > this.longest) this.longest = int(degree, pivot)
    this.tag += this.longest + 1
  }

  private absorb(i: number, into: number): void {
    this.kind[i] = GONE
    this.weight[i] = 0
    this.absorber[i] = into
  }

  /** Variables of L_pivot with the same list become one. */
  private joinAlike(pivot: number): void {
    const { work, start, length, elements, weight, mark, next } = this
    const from = int(start, pivot)
    const to = from + int(length, pivot)
    for (let at = from; at < to; at++) {
      const member = int(work, at)
      if (int(weight, member) === 0) continue
      const key = int(this.hash, member)
      let i = int(this.bucket, key)
      this.bucket[key] = -1
      while (i !== -1 && next[i] !== -1) {
        const [size, count] = [int(length, i), int(elements, i)]
        const begin = int(start, i)
        for (let p = begin + 1; p < begin + size; p++) mark[int(work, p)] = this.tag
        let before = i
        let j = int(next, i)
        while (j !== -1) {
          let alike = int(length, j) === size && int(elements, j) === count
          const beginJ = int(start, j)
          for (let p = beginJ + 1; alike && p < beginJ + size; p++) alike = mark[int(work, p)] === this.tag
          const after = int(next, j)
          if (alike) {
            weight[i] = int(weight, i) + int(weight, j)
            this.absorb(j, i)
            next[before] = after
          } else before = j
          j = after
        }
        this.tag += 1
        i = int(next, i)
      }
    }
  }

  /** Variables that are left go back to the lists by degree; the pivot keeps those only. */
  private restore(pivot: number): void {
    const { work, start, length, weight, degree } = this
    const from = int(start, pivot)
    const to = from + int(length, pivot)
    const total = int(degree, pivot)
    let kept = from
    for (let at = from; at < to; at++) {
      const i = int(work, at)
      const weightI = -int(weight, i)
      if (weightI <= 0) continue
      weight[i] = weightI
      const bound = Math.min(int(degree, i) + total - weightI, this.n - this.eliminated - weightI)
      degree[i] = bound
      this.enlist(i, bound)
      work[kept] = i
      kept += 1
    }
    weight[pivot] = -int(weight, pivot)
    length[pivot] = kept - from
    if (kept === from) this.drop(pivot)
    if (int(this.elements, pivot) > 0) this.used = kept
    this.pivotOf[pivot] = this.pivots
    this.pivots += 1
  }

  /** Moves the lists that are alive to the front of `work`. */
  private compact(): void {
    const { n, work, start, length, kind } = this
    for (let j = 0; j < n; j++) {
      if ((kind[j] !== VARIABLE && kind[j] !== ELEMENT) || length[j] === 0) continue
      const at = int(start, j)
      start[j] = int(work, at)
      work[at] = -j - 1
    }
    let to = 0
    for (let from = 0; from < this.used; ) {
      const j = -int(work, from) - 1
      from += 1
      if (j < 0) continue
      work[to] = int(start, j)
      start[j] = to
      to += 1
      for (let left = int(length, j) - 1; left > 0; left--) {
        work[to] = int(work, from)
        to += 1
        from += 1
      }
    }
    this.used = to
  }

  /** Cells by the pivot that took them along, the late ones by their number of neighbours at the end. */
  private sequence(): Int32Array {
    const { n, absorber, pivotOf, kind } = this
    const counts = new Int32Array(this.pivots + 1)
    for (let i = 0; i < n; i++) {
      if (kind[i] === LATE) continue
      let root = i
      while (int(pivotOf, root) === -1) root = int(absorber, root)
      const pivot = int(pivotOf, root)
      for (let j = i; int(pivotOf, j) === -1; ) {
        const above = int(absorber, j)
        pivotOf[j] = pivot
        j = above
      }
      counts[pivot + 1] = int(counts, pivot + 1) + 1
    }
    for (let k = 0; k < this.pivots; k++) counts[k + 1] = int(counts, k + 1) + int(counts, k)
    const out = new Int32Array(n)
    for (let i = 0; i < n; i++) {
      if (kind[i] === LATE) continue
      const pivot = int(pivotOf, i)
      const at = int(counts, pivot)
      out[at] = i
      counts[pivot] = at + 1
    }
    const degrees = this.degree
    this.late.sort((i, j) => int(degrees, i) - int(degrees, j) || i - j)
    out.set(this.late, n - this.late.length)
    return out
  }
}
