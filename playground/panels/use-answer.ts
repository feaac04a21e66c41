import { useEffect, useState } from 'preact/hooks'

/** An answer of the fit worker. What was known before is kept while a newer one is under way. */
export interface Asked<T> {
  readonly value: T | null
  readonly error: string | null
  readonly pending: boolean
}

/** Asks again whenever `keys` change; answers that come too late are dropped. */
export function useAnswer<T>(ask: () => Promise<T> | null, keys: readonly unknown[]): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ value: null, error: null, pending: true })
  useEffect(() => {
    let current = true
    const answer = ask()
    if (answer === null) {
      setAsked({ value: null, error: null, pending: false })
      return
    }
    setAsked((old) => ({ ...old, pending: true }))
    answer.then(
      (value) => {
        if (current) setAsked({ value, error: null, pending: false })
      },
      (e: unknown) => {
        if (current) setAsked({ value: null, error: e instanceof Error ? e.message : String(e), pending: false })
      },
    )
    return () => {
      current = false
    }
  }, keys)
  return asked
}
