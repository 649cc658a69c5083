/** The keywords of JSON Schema 2020-12 that our schemas may use, each with what its value must be. */
const keywords: Readonly<Record<string, (value: unknown) => boolean>> = {
  $ref: (value) => typeof value === 'string' && value.startsWith('#/components/'),
  type: (value) => ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'].includes(String(value)),
  enum: (value) => Array.isArray(value) && value.length > 0 && new Set(value).size === value.length,
  const: () => true,
  default: () => true,
  examples: isList,
  not: isObject,
  minimum: Number.isFinite,
  maximum: Number.isFinite,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  pattern: isPattern,
  contentEncoding: (value) => typeof value === 'string',
  format: (value) => typeof value === 'string',
  properties: isObject,
  required: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  additionalProperties: (value) => typeof value === 'boolean' || isObject(value),
  propertyNames: isObject,
  items: isObject,
  anyOf: isList,
  allOf: isList,
};

/** What is wrong with a JSON Schema, by where it is: unknown keywords, values of the wrong kind, names without a property. */
export function schemaFindings(schema: unknown, at = '#'): string[] {
  if (!isObject(schema)) return [`${at} is not a schema`];
  const findings = Object.entries(schema).flatMap(([keyword, value]) => {
    const allows = keywords[keyword];
    if (allows === undefined) return [`${at}: unknown keyword ${keyword}`];
    return allows(value) ? [] : [`${at}: ${keyword} is ${JSON.stringify(value)}`];
  });
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  for (const name of required)
    if (!(String(name) in properties)) findings.push(`${at}: ${String(name)} is no property`);
  for (const [name, member] of Object.entries(properties)) findings.push(...schemaFindings(member, `${at}.${name}`));
  for (const keyword of ['items', 'not', 'propertyNames'] as const) {
    if (keyword in schema) findings.push(...schemaFindings(schema[keyword], `${at}.${keyword}`));
  }
  for (const keyword of ['anyOf', 'allOf'] as const) {
    const members = schema[keyword];
    if (isList(members))
      members.forEach((one, index) => findings.push(...schemaFindings(one, `${at}.${keyword}[${index}]`)));
  }
  return findings;
}

/** Every `$ref` in a document, wherever it stands. */
export function referencesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn);
  if (!isObject(node)) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value] : referencesIn(value),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPattern(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return new RegExp(value, 'u').source !== '';
  } catch {
    return false;
  }
}
