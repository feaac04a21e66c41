/** What axe finds wrong on a page. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * A line for each rule that is broken, with its first elements. Evaluated by the debugger, which no policy of the page stops.
 * `within`: a part of the page, where the rest has been looked at already.
 */
export async function violations(page: Page, within: string | null = null): Promise<readonly string[]> {
  if ((await page.evaluate('globalThis.axe === undefined')) === true) await page.evaluate(axe)
  const where = within === null ? 'document' : JSON.stringify(within)
  return (await page.evaluate(`axe.run(${where}, { resultTypes: ['violations'] }).then((r) =>
    r.violations.map((v) => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')))`)) as string[]
}

/** Those that stay, once formulas and charts have come to their place. */
export async function lastingViolations(page: Page, within: string | null = null): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    const found = await violations(page, within)
    if (found.length === 0 || tries === 5) return found
    await page.waitForTimeout(400)
  }
}
