import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { withRuntimeText } from '../scripts/bundle-runtime.mjs'
import { gallery } from './build/vite-gallery.js'

/** The playground as static files in `dist/playground`, wherever they are served from. */
export default defineConfig({
  base: './',
  plugins: [gallery(new URL('../examples/', import.meta.url)), withRuntimeText()],
  resolve: { alias: [{ find: /^estep$/, replacement: fileURLToPath(new URL('../index.ts', import.meta.url)) }] },
  build: {
    outDir: fileURLToPath(new URL('../dist/playground', import.meta.url)),
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    // a module preload needs an inline script, which the page's policy forbids
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000,
  },
  worker: { format: 'es' },
})
