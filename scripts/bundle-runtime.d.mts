/** Writes api/emit/runtime-text.generated.js; the length of the text. */
export function bundleRuntime(): Promise<number>
/** A plugin of Vite that sees to it that the file is there. */
export function withRuntimeText(): { readonly name: string; buildStart(): Promise<void> }
