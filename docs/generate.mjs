// Writes the reference pages that are made from the code. Run after `npm run build`: npm run docs
import { writeFileSync } from 'node:fs'
import { distributionsPage } from '../dist/compiler/distributions/reference-page.js'
import { rulesPage } from '../dist/compiler/rules/reference-page.js'
import { diagnosticsPage } from '../dist/lang/diagnostics/reference-page.js'

writeFileSync(new URL('diagnostics.md', import.meta.url), diagnosticsPage())
writeFileSync(new URL('distributions.md', import.meta.url), distributionsPage())
writeFileSync(new URL('derivation-rules.md', import.meta.url), rulesPage())
