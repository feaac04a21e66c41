/** The runtime of stand-alone programs as one text: made by `node api/emit/bundle-runtime.mjs`, and by `npm run build`. */
export const runtimeText: string
