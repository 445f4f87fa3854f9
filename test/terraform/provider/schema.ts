import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SchemaBlock } from "../../support/provider-schema";

interface VersionedSchema {
  readonly version: number;
  readonly block: SchemaBlock;
}

/** The schema of the real provider, of the kinds that are worked with here. */
interface ProviderSchema {
  readonly provider: VersionedSchema;
  readonly resource_schemas: Readonly<Record<string, VersionedSchema>>;
  readonly data_source_schemas: Readonly<Record<string, VersionedSchema>>;
}

export function readSchema(root: string): ProviderSchema {
  const { provider_schemas } = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8"));
  return Object.values(provider_schemas)[0] as ProviderSchema;
}

/** The schema as Terraform's protocol has it. */
export function schemasMessage({ provider, resource_schemas, data_source_schemas }: ProviderSchema): object {
  const each = (schemas: Readonly<Record<string, VersionedSchema>>) =>
    Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, schemaMessage(schema)]));
  return {
    provider: schemaMessage(provider),
    resource_schemas: each(resource_schemas),
    data_source_schemas: each(data_source_schemas),
  };
}

function schemaMessage({ version, block }: VersionedSchema): object {
  return { version, block: blockMessage(block) };
}

function blockMessage({ attributes = {}, block_types: blockTypes = {} }: SchemaBlock): object {
  return {
    attributes: Object.entries(attributes).map(([name, attribute]) => ({
      ...attribute,
      name,
      type: Buffer.from(JSON.stringify(attribute.type)),
    })),
    block_types: Object.entries(blockTypes).map(([name, { nesting_mode, block, ...bounds }]) => ({
      ...bounds,
      type_name: name,
      nesting: nesting_mode,
      block: blockMessage(block),
    })),
  };
}
