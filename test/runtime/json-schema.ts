/** Checks a document against the part of JSON Schema that docs/fit.schema.json uses; returns the places that fail. */
export function schemaProblems(schema: unknown, document: unknown): string[] {
  const root = fields(schema)
  const definitions = fields(root.get('$defs'))

  const check = (rule: unknown, value: unknown, path: string): string[] => {
    const problems: string[] = []
    for (const [keyword, argument] of fields(rule)) {
      problems.push(...checkKeyword(keyword, argument, fields(rule), value, path))
    }
    return problems
  }

  const checkKeyword = (
    keyword: string,
    argument: unknown,
    rule: ReadonlyMap<string, unknown>,
    value: unknown,
    path: string,
  ): string[] => {
    switch (keyword) {
      case '$ref':
        return check(definitions.get(String(argument).replace('#/$defs/', '')), value, path)
      case 'type':
        return hasType(String(argument), value) ? [] : [`${path}: not ${String(argument)}`]
      case 'const':
        return value === argument ? [] : [`${path}: not ${String(argument)}`]
      case 'enum':
        return list(argument).includes(value) ? [] : [`${path}: ${String(value)} is none of the values`]
      case 'minimum':
        return typeof value !== 'number' || value >= Number(argument) ? [] : [`${path}: too small`]
      case 'maximum':
        return typeof value !== 'number' || value <= Number(argument) ? [] : [`${path}: too large`]
      case 'anyOf':
        return list(argument).some((option) => check(option, value, path).length === 0)
          ? []
          : [`${path}: no option fits`]
      case 'items':
        return list(value).flatMap((item, i) => check(argument, item, `${path}[${i}]`))
      case 'required':
        return list(argument).flatMap((name) =>
          fields(value).has(String(name)) ? [] : [`${path}.${String(name)}: missing`],
        )
      case 'properties':
        return [...fields(argument)].flatMap(([name, property]) =>
          fields(value).has(name) ? check(property, fields(value).get(name), `${path}.${name}`) : [],
        )
      case 'additionalProperties':
        return [...fields(value)].flatMap(([name, item]) =>
          fields(rule.get('properties')).has(name) ? [] : check(argument, item, `${path}.${name}`),
        )
      case '$schema':
      case '$defs':
      case 'title':
      case 'description':
        return []
      default:
        throw new Error(`the schema uses ${keyword}, which is not checked here`)
    }
  }

  return check(schema, document, '$')
}

function fields(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [])
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return typeof value === type
  }
}
