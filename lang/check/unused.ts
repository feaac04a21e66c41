/** What is declared and never used, and sizes that no data binds. */
import type { SymbolId, TExpr, TStatement } from '../typed/types.js'
import { children, freeSymbols, statementExpressions, visitExpression, visitStatements } from '../typed/visit.js'
import type { CheckContext } from './context.js'
import { arrayDims } from './value-types.js'

/** Warns of params that nothing reads, of missing cells that nothing gives; complains of sizes that stay unknown. */
export function checkUses(ctx: CheckContext, statements: readonly TStatement[]): void {
  const read = new Set<SymbolId>()
  const given = new Set<SymbolId>()
  const note = (e: TExpr): void => {
    for (const id of freeSymbols(e)) read.add(id)
  }
  visitStatements(statements, (s) => {
    if (s.kind !== 'sample') {
      for (const e of statementExpressions(s)) note(e)
      return
    }
    const targets = s.target.kind === 'vector' ? s.target.elements : [s.target]
    for (const target of targets) {
      if (target.kind === 'ref') given.add(target.symbol)
      for (const part of children(target)) note(part)
    }
    for (const e of statementExpressions(s).slice(1)) note(e)
  })
  for (const symbol of ctx.symbols.values()) {
    if (symbol.kind === 'let' || symbol.kind === 'const') note(symbol.value)
  }
  for (const symbol of ctx.symbols.values()) {
    if (symbol.kind === 'param' && !read.has(symbol.id))
      ctx.report({
        code: 'W502',
        span: symbol.span,
        message: `the param \`${symbol.name}\` is not used: nothing in the data tells its value`,
      })
    if (symbol.kind === 'data' && symbol.type.optional && !given.has(symbol.id))
      ctx.report({
        code: 'W503',
        span: symbol.span,
        message: read.has(symbol.id)
          ? `\`${symbol.name}\` may have missing cells but no distribution: a missing cell will be an error`
          : `\`${symbol.name}\` is not used: no statement reads it or gives it a distribution`,
        help: `give \`${symbol.name}\` a distribution, or leave ${read.has(symbol.id) ? 'the `?`' : 'it'} out`,
      })
  }
  checkSizes(ctx)
}

function checkSizes(ctx: CheckContext): void {
  const needed = new Set<SymbolId>()
  for (const symbol of ctx.symbols.values()) {
    const dims = symbol.kind === 'data' || symbol.kind === 'param' ? arrayDims(symbol.type) : []
    for (const d of dims) visitExpression(d.size, (e) => e.kind === 'ref' && needed.add(e.symbol))
  }
  for (const symbol of ctx.symbols.values()) {
    if (symbol.kind !== 'size' || symbol.boundBy.length > 0 || !needed.has(symbol.id)) continue
    ctx.report({
      code: 'E224',
      span: symbol.span,
      message: `no data tells the size \`${symbol.name}\``,
      help: `write const ${symbol.name} = 2, or another number`,
    })
  }
}
