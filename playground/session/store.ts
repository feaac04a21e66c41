import { useEffect, useState } from 'preact/hooks'

/** A value that changes by a reducer, and those who look at it. */
export class Store<S, A> {
  private readonly listeners = new Set<() => void>()

  constructor(
    private value: S,
    private readonly reduce: (state: S, action: A) => S,
  ) {}

  get state(): S {
    return this.value
  }

  dispatch(action: A): void {
    const next = this.reduce(this.value, action)
    if (next === this.value) return
    this.value = next
    for (const listener of this.listeners) listener()
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

/** The state of a store, rendered anew when it changes. */
export function useStore<S, A>(store: Store<S, A>): S {
  const [state, set] = useState(store.state)
  useEffect(() => {
    set(store.state)
    return store.subscribe(() => set(store.state))
  }, [store])
  return state
}
