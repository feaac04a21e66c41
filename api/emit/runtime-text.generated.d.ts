/** The runtime of stand-alone programs as one text: made by `node scripts/bundle-runtime.mjs`, and by `npm run build`. */
export const runtimeText: string
