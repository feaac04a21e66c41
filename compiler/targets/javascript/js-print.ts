import type { JsExpr, JsStatement } from './js-ast.js'

/** A float64 as JavaScript, to the last bit. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return '(0 / 0)'
  if (value === Number.POSITIVE_INFINITY) return '(1 / 0)'
  if (value === Number.NEGATIVE_INFINITY) return '(-1 / 0)'
  if (Object.is(value, -0)) return '(-0)'
  return value < 0 ? `(${value})` : String(value)
}

/** Every operator inside another stands in parentheses: no precedence to get wrong. */
function operand(expr: JsExpr): string {
  const text = printJsExpr(expr)
  return expr.js === 'binary' || expr.js === 'unary' || expr.js === 'conditional' ? `(${text})` : text
}

export function printJsExpr(expr: JsExpr): string {
  switch (expr.js) {
    case 'num':
      return printFloat(expr.value)
    case 'name':
      return expr.name
    case 'null':
      return 'null'
    case 'binary':
      return `${operand(expr.left)} ${expr.operator} ${operand(expr.right)}`
    case 'unary':
      return `${expr.operator}${operand(expr.of)}`
    case 'math':
      return `Math.${expr.fn}(${expr.args.map(printJsExpr).join(', ')})`
    case 'helper':
      return `${expr.name}(${expr.args.map(printJsExpr).join(', ')})`
    case 'element':
      return `${expr.array}[${printJsExpr(expr.at)}]`
    case 'conditional':
      return `${operand(expr.when)} ? ${operand(expr.yes)} : ${operand(expr.no)}`
  }
}

function printStatement(statement: JsStatement, indent: string): string {
  const inner = `${indent}  `
  switch (statement.js) {
    case 'const':
    case 'let':
      return `${indent}${statement.js} ${statement.name} = ${printJsExpr(statement.value)};\n`
    case 'assign':
      return `${indent}${printJsExpr(statement.target)} ${statement.operator} ${printJsExpr(statement.value)};\n`
    case 'call':
      return `${indent}${printJsExpr(statement.call)};\n`
    case 'fill': {
      const range = `${printJsExpr(statement.from)}, ${printJsExpr(statement.to)}`
      return `${indent}${statement.array}.fill(${printFloat(statement.value)}, ${range});\n`
    }
    case 'for': {
      const name = statement.variable
      const from = printJsExpr(statement.from)
      const to = printJsExpr(statement.to)
      const head = statement.reverse
        ? `for (let ${name} = (${to} | 0) - 1; ${name} >= ${from}; ${name}--)`
        : `for (let ${name} = ${from}; ${name} < ${to}; ${name}++)`
      return `${indent}${head} {\n${printStatements(statement.body, inner)}${indent}}\n`
    }
    case 'if': {
      const then = `${indent}if (${printJsExpr(statement.when)}) {\n${printStatements(statement.yes, inner)}${indent}}`
      if (statement.no.length === 0) return `${then}\n`
      return `${then} else {\n${printStatements(statement.no, inner)}${indent}}\n`
    }
  }
}

export function printStatements(statements: readonly JsStatement[], indent: string): string {
  return statements.map((statement) => printStatement(statement, indent)).join('')
}
