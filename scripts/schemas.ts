// Writes the JSON schemas of the files that people edit or read: `npm run schemas`. They are made from what the code
// itself checks with; descriptions are the docstrings. What a schema cannot say, such as that promotions lead round
// in no circle, the commands say.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";

import v = require("valibot");

import { allowancesSchema } from "../src/desktops/allowances";
import { filterSchemas } from "../src/images/image-filter";
import { fileSchema, pinSchema, workspaceImageSchema } from "../src/pins/lock-file-format";
import { revocationsSchema } from "../src/pins/revoked";
import { environmentsSchema } from "../src/project/environments";

const ROOT = resolve(__dirname, "..");

/** The part of JSON Schema that is used here. */
interface JsonSchema {
  description?: string;
  default?: unknown;
  examples?: unknown[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}

const pinName = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

const lookups = v.record(
  pinName,
  v.union([
    v.strictObject({ ...filterSchemas.one.entries, all: v.exactOptional(v.literal(false)) }),
    v.strictObject({ ...filterSchemas.all.entries, all: v.literal(true) }),
  ]),
);

const configuration = v.strictObject({
  $schema: v.optional(v.string()),
  environments: environmentsSchema,
  lookups: v.optional(lookups),
});

const { all: _, ...pinEntries } = pinSchema.entries;
const lockFile = v.strictObject({
  ...fileSchema.entries,
  pins: v.record(
    pinName,
    v.union([
      v.strictObject({
        ...pinEntries,
        filter: filterSchemas.one,
        images: v.pipe(v.array(workspaceImageSchema), v.length(1)),
      }),
      v.strictObject({ ...pinEntries, filter: filterSchemas.all, all: v.literal(true) }),
    ]),
  ),
});

/** The schemas by file name. */
export function schemas(): Record<string, object> {
  const environmentDocs = docstrings("src/project/environment.ts", "PromotionPolicy", "EnvironmentConfig");
  const filterDocs = docstrings(
    "src/images/image-filter.ts",
    "ListingQuery",
    "ImageFilter",
    "SingleImageFilter",
  );
  return {
    "workspace-images.schema.json": schema(
      configuration,
      "Configuration of workspace-images: workspace-images.json, beside the Terraform code",
      {
        ...filterDocs,
        ...environmentDocs,
        environments: { description: "Where images are listed and pinned, by name." },
        lookups: {
          description:
            "Which images are wanted, by the name of their pin. Of an app that a CDK synthesizes, they stand in the app.",
        },
        all: {
          description: "Pin all images that match, in the order of the filter, instead of exactly one.",
          default: false,
        },
        workspace: { description: "Base URL of the Workspace service." },
        iam: { description: "Base URL of IAM." },
      },
    ),
    "lock-file.schema.json": schema(
      lockFile,
      "Pins of an environment: workspace-images/<environment>.lock.json, written by workspace-images alone",
      {
        ...docstrings("src/images/workspace-image.ts", "WorkspaceImage"),
        ...under("filter", filterDocs),
        ...docstrings("src/pins/pin.ts", "Question", "Pin", "Previous"),
        lockfileVersion: { description: "Version of this format." },
        environment: { description: "Environment that these pins belong to." },
        region: { description: "Region that the images are in: an image ID means nothing in another one." },
        projectId: { description: "Project that the images were listed in." },
        pins: { description: "The pins by name, in the order of their names." },
        all: { description: "All images that match are pinned, instead of exactly one." },
        ids: { description: "IDs of the images." },
        reason: { description: "Why, in words." },
        since: { description: "Since when, UTC, to the second." },
        integrity: {
          description:
            "Hash over environment, region, project and every field of this pin, which tells a change by hand.",
        },
      },
    ),
    "allow.schema.json": schema(
      allowancesSchema,
      "Changes of a plan that guard accepts although no pin explains them: workspace-images/allow.json",
      {
        allow: { description: "The changes, in every environment." },
        address: { description: "Address of the resource, as exact as can be; * stands for anything." },
        reason: { description: "Why it is accepted: said wherever it is." },
        until: { description: "Last day on which it holds, in UTC.", examples: ["2026-12-31"] },
      },
    ),
    "revoked.schema.json": schema(
      revocationsSchema,
      "Images that must not be used any more: workspace-images/revoked.json",
      {
        revoked: { description: "The images: of one region by ID, or everywhere by exact name." },
        id: { description: "Image ID." },
        region: { description: "Region of the image: an ID means nothing in another one." },
        name: { description: "Exact name, in every region." },
        reason: { description: "Why it must not be used: said wherever the image would have been." },
      },
    ),
  };
}

type Documentation = Record<string, Pick<JsonSchema, "description" | "default" | "examples">>;

/** Documentation of properties that stand in another property. */
function under(parent: string, documentation: Documentation): Documentation {
  return Object.fromEntries(
    Object.entries(documentation).map(([name, known]) => [`${parent}.${name}`, known]),
  );
}

function schema(source: v.GenericSchema, title: string, documentation: Documentation): object {
  const { $schema, ...json } = toJsonSchema(source, {
    // What only code can check is left to the code.
    ignoreActions: ["check", "raw_check", "finite"],
  }) as JsonSchema;
  document(json, { $schema: { description: "Where this schema is, for editors." }, ...documentation });
  return { $schema, title, ...json };
}

/** Writes documentation to every property, wherever it stands; that of its name in its parent goes first. */
function document(schema: JsonSchema, documentation: Documentation, parent = ""): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const known = documentation[`${parent}.${name}`] ?? documentation[name];
    if (!known) throw new Error(`the property ${name} has no docstring`);
    schema.properties![name] = { ...known, ...property };
    document(property, documentation, name);
  }
  for (const inner of [schema.additionalProperties, schema.items, ...(schema.anyOf ?? [])])
    if (typeof inner === "object") document(inner, documentation, parent);
}

/** The docstrings of the properties of interfaces, with the values that their open types name. */
function docstrings(file: string, ...interfaces: string[]): Documentation {
  const code = readFileSync(join(ROOT, file), "utf8");
  const types = readFileSync(join(ROOT, "src/images/workspace-image.ts"), "utf8");
  const documentation: Documentation = {};
  for (const name of interfaces) {
    const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(code)?.[1];
    if (body === undefined) throw new Error(`${file} has no interface ${name}`);
    for (const [, comment = "", property = "", type = ""] of body.matchAll(
      /^ {2}\/\*\*([\s\S]*?)\*\/\s+readonly (\w+)\??: (\w*)/gm,
    )) {
      const text = comment.replace(/\s*\n\s*\* ?|\s+/g, " ").trim();
      const [description = "", fallback] = text.split(" @default ");
      const values = new RegExp(`^export type ${type} = OpenUnion<(.*)>;`, "m").exec(types)?.[1];
      documentation[property] = {
        description: fallback?.startsWith("- ")
          ? `${description} Default: ${fallback.slice(2)}.`
          : description,
        ...(fallback && !fallback.startsWith("- ") && { default: JSON.parse(fallback) as unknown }),
        ...(values && { examples: JSON.parse(`[${values.replaceAll(" | ", ",")}]`) as unknown[] }),
      };
    }
  }
  return documentation;
}

/** A schema as it stands in its file. */
export function written(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (require.main === module) {
  mkdirSync(join(ROOT, "schemas"), { recursive: true });
  for (const [name, schema] of Object.entries(schemas()))
    writeFileSync(join(ROOT, "schemas", name), written(schema));
}
