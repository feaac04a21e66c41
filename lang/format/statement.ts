/** Statements → canonical text on one line, or its cells, which are aligned with those of the lines around. */
import type { Statement } from '../ast/types.js'
import { formatDistribution, formatDomain, formatExpression, formatList, formatType } from './expression.js'

/** The whole statement on one line. */
export function statementText(statement: Statement): string {
  switch (statement.kind) {
    case 'for':
      return `${headerText(statement)} ${blockText(statement.body)}`
    case 'if': {
      const { then, otherwise } = statement
      const rest = otherwise === null ? '' : ` else ${blockText(otherwise)}`
      return `${headerText(statement)} ${blockText(then)}${rest}`
    }
    default:
      return statementCells(statement).join(' ')
  }
}

/** What stands before the block: `for n in 1..N weight w[n]`, `if condition`. */
export function headerText(statement: Extract<Statement, { kind: 'for' | 'if' }>): string {
  if (statement.kind === 'if') return `if ${formatExpression(statement.condition)}`
  const { index, domain, weight } = statement
  const weighted = weight === null ? '' : ` weight ${formatExpression(weight)}`
  return `for ${index.name} in ${formatDomain(domain)}${weighted}`
}

function blockText(body: readonly Statement[]): string {
  return body.length === 0 ? '{ }' : `{ ${body.map(statementText).join('; ')} }`
}

/**
 * A statement without a block, cut before the `:`, `=` and `~` that neighbours align: the first cell begins with the
 * word of the statement. One cell for statements that align with nothing.
 */
export function statementCells(statement: Exclude<Statement, { kind: 'for' | 'if' }>): readonly string[] {
  switch (statement.kind) {
    case 'const':
    case 'let':
      return [`${statement.kind} ${statement.name.name}`, `= ${formatExpression(statement.value)}`]
    case 'fn': {
      const parameters = statement.parameters.map((p) => p.name).join(', ')
      return [`fn ${statement.name.name}(${parameters})`, `= ${formatExpression(statement.body)}`]
    }
    case 'declaration': {
      const { role, names, type, distribution } = statement
      const list = names.map(({ name, indices }) => {
        const index = indices.length === 0 ? '' : `[${indices.map((e) => formatExpression(e, true)).join(', ')}]`
        return `${name.name}${index}`
      })
      const cells = [`${role === 'data' ? 'data ' : role} ${list.join(', ')}`]
      if (type !== null) cells.push(`: ${formatType(type)}`)
      if (distribution !== null) cells.push(`~ ${formatDistribution(distribution)}`)
      return cells
    }
    case 'sample':
      return [`${formatExpression(statement.target)} ~ ${formatDistribution(statement.distribution)}`]
    case 'observe': {
      const { fact } = statement
      if (fact.kind === 'condition') return [`observe ${formatExpression(fact.condition)}`]
      return [`observe ${formatList([fact.left])} = ${formatExpression(fact.right)}`]
    }
  }
}
