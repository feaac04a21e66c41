/** `\mathrm{Name}(a, b)`. */
export function latexCall(name: string, args: readonly string[]): string {
  return `\\mathrm{${name}}(${args.join(', ')})`
}
