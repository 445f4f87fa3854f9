/** A type in the format of `terraform providers schema -json`. */
export type AttributeType = string | [string, AttributeType | Record<string, AttributeType>];

/** A block in that format. */
export interface SchemaBlock {
  readonly attributes?: Record<
    string,
    { readonly type: AttributeType; required?: boolean; optional?: boolean; computed?: boolean }
  >;
  readonly block_types?: Record<
    string,
    { readonly nesting_mode: string; min_items?: number; max_items?: number; readonly block: SchemaBlock }
  >;
}

/** What is wrong with a synthesized block: unknown, missing, only computed, of another type, too few or too many. */
export function checkBlock(where: string, block: object, schema: SchemaBlock | undefined): string[] {
  if (!schema) return [`${where}: the schema does not have it`];
  const { attributes = {}, block_types: blockTypes = {} } = schema;
  const problems: string[] = [];
  for (const [name, value] of Object.entries(block)) {
    const attribute = attributes[name];
    // Metadata of the CDK.
    if (name === "//" || name in blockTypes) continue;
    if (!attribute) problems.push(`${where}: ${name} is unknown`);
    else if (!attribute.required && !attribute.optional) problems.push(`${where}: ${name} is only computed`);
    else if (!isOfType(value, attribute.type)) {
      const { type } = attribute;
      problems.push(`${where}: ${name} is not ${typeof type === "string" ? type : JSON.stringify(type)}`);
    }
  }
  for (const [name, { required }] of Object.entries(attributes)) {
    if (required && !(name in block)) problems.push(`${where}: ${name} is required`);
  }
  for (const [name, { min_items: min = 0, max_items: max = Infinity, block: nested }] of Object.entries(
    blockTypes,
  )) {
    // Terraform reads one block as an object or as a list of one.
    const blocks = [(block as Record<string, object | object[] | undefined>)[name] ?? []].flat();
    if (blocks.length < min)
      problems.push(`${where}: ${name} has ${blocks.length} blocks, fewer than ${min}`);
    if (blocks.length > max) problems.push(`${where}: ${name} has ${blocks.length} blocks, more than ${max}`);
    problems.push(...blocks.flatMap((value) => checkBlock(`${where}.${name}`, value, nested)));
  }
  return problems;
}

function isOfType(value: unknown, type: AttributeType): boolean {
  // A reference, whose type Terraform knows.
  if (typeof value === "string" && /^\$\{.*\}$/s.test(value)) return true;
  if (type === "string" || type === "number") return typeof value === type;
  if (type === "bool") return typeof value === "boolean";
  const [kind, element] = type as [string, AttributeType];
  const isObject = typeof value === "object" && value !== null;
  if (kind === "list" || kind === "set")
    return Array.isArray(value) && value.every((item) => isOfType(item, element));
  return (
    kind === "map" && isObject && Object.values(value as object).every((item) => isOfType(item, element))
  );
}
