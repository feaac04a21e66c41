/** Lists of what has a key in common, by way of others too. */
export function grouped<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): readonly (readonly T[])[] {
  let groups: { readonly items: readonly T[]; readonly keys: ReadonlySet<string> }[] = []
  for (const item of items) {
    const keys = new Set(keysOf(item))
    const touching = groups.filter((group) => [...keys].some((key) => group.keys.has(key)))
    const joined = {
      items: [...touching.flatMap((group) => group.items), item],
      keys: new Set([...touching.flatMap((group) => [...group.keys]), ...keys]),
    }
    groups = [...groups.filter((group) => !touching.includes(group)), joined]
  }
  return groups.map((group) => group.items)
}
