import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStacks } from "../src/desktops/checks";
import { RESOURCE_KINDS } from "../src/desktops/resource-kinds";
import { resourcesOf } from "../src/desktops/synthesized-stacks";
import { WorkspaceEmulator } from "../src/emulator";
import { readLockFile } from "../src/pins/lock-file";
import { ROOT, run } from "./support/project";
import { type AttributeType, checkBlock, type SchemaBlock } from "./support/provider-schema";
import { vendorListImages } from "./support/vendor-client";

const environments = { dev: "cn-north-4", staging: "cn-north-4", prod: "cn-south-1" };

interface Stack {
  readonly provider: Record<string, object[]>;
  readonly data: Record<string, Record<string, object>>;
  readonly resource: Record<string, Record<string, { image_id: string; name: string }>>;
}

describe("the example, synthesized by the CDK's own command line from the committed lock files", () => {
  const output = mkdtempSync(join(tmpdir(), "workspace-images-example-"));
  const stack = (name: string): Stack =>
    JSON.parse(readFileSync(join(output, `stacks/${name}/cdk.tf.json`), "utf8"));

  beforeAll(async () => {
    const cdktf = join(ROOT, "node_modules/cdktf-cli/bundle/bin/cdktf");
    const { code, stdout, stderr } = await run(process.execPath, [cdktf, "synth", "--output", output], {
      cwd: ROOT,
      variables: { CI: "true" },
    });
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  }, 60_000);

  test.each(Object.keys(environments))("%s: every block is as the provider's schema says", (name) => {
    const { provider_schemas } = JSON.parse(readFileSync(join(ROOT, "provider/schema.json"), "utf8"));
    const [schema] = Object.values(provider_schemas) as [
      Record<"resource_schemas" | "data_source_schemas", Record<string, { block: SchemaBlock }>> & {
        provider: { block: SchemaBlock };
      },
    ];
    const { provider, data, resource } = stack(name);
    const blocks: [string, object, SchemaBlock | undefined][] = [
      ...Object.values(provider)
        .flat()
        .map((block): [string, object, SchemaBlock] => ["provider", block, schema.provider.block]),
    ];
    for (const [kinds, schemas] of [
      [resource, schema.resource_schemas],
      [data, schema.data_source_schemas],
    ] as const) {
      for (const [kind, named] of Object.entries(kinds)) {
        for (const [id, block] of Object.entries(named)) {
          blocks.push([`${kind}.${id}`, block, schemas[kind]?.block]);
        }
      }
    }
    expect(blocks.length).toBeGreaterThanOrEqual(8);
    expect(blocks.flatMap(([where, block, known]) => checkBlock(where, block, known))).toEqual([]);
  });

  test("the images are those that the vendor's client lists for the same queries", async () => {
    const emulator = await WorkspaceEmulator.start();
    try {
      for (const [name, region] of Object.entries(environments)) {
        const windows = await vendorListImages(emulator, region, { image_type: "gold", os_type: "Windows" });
        const newest = windows.images
          .filter((image) => image.name?.startsWith("Windows_11"))
          .sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)))
          .at(-1);
        const server = windows.images
          .filter((image) => image.name?.startsWith("Windows_Server_2022"))
          .sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)))
          .at(-1);
        const linux = await vendorListImages(emulator, region, { image_type: "gold", os_type: "Linux" });
        const ubuntu = (version: string) =>
          linux.images
            .filter((image) => image.name?.startsWith(`Ubuntu_${version}`))
            .sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)))
            .at(-1);
        const { resource } = stack(name);
        const imageIds = Object.fromEntries(
          Object.values(resource)
            .flatMap((kind) => Object.entries(kind))
            .map(([id, { image_id }]) => [id, image_id]),
        );
        expect(imageIds).toMatchObject({
          "office-alice": newest?.id,
          "call-centre": newest?.id,
          "developer-2204": ubuntu("22.04")?.id,
          "developer-2404": ubuntu("24.04")?.id,
          "application-image": server?.id,
          applications: server?.id,
        });
      }
    } finally {
      await emulator.close();
    }
  });

  test.each(Object.keys(environments))(
    "%s: every resource fits its image, and no size is computed from it",
    (name) => {
      const json = stack(name);
      const pins = readLockFile(ROOT, { name })!.pins;
      const lookups = [...pins].map(([pinName, { images }]) => ({
        environment: name,
        pinName,
        path: `${name}/${pinName}`,
        images,
      }));
      const given = { name, path: name, json };
      expect(checkStacks([given], { lookups, pins: new Map([[name, pins]]) })).toEqual({
        errors: [],
        warnings: [],
      });
      // Each size leaves room: the checks pass with images that need 20 GB more, too.
      const larger = lookups.map((lookup) => ({
        ...lookup,
        images: lookup.images.map((image) => ({ ...image, minDisk: 120 })),
      }));
      expect(checkStacks([given], { lookups: larger, pins: new Map() }).errors).toEqual([]);
      // And they are made of every resource that has an image.
      const tooLarge = larger.map((lookup) => ({
        ...lookup,
        images: lookup.images.map((image) => ({ ...image, minDisk: 121 })),
      }));
      const kinds = new Set(RESOURCE_KINDS.map(({ type }) => type));
      const withImage = resourcesOf(given).filter(({ type }) => kinds.has(type));
      expect(new Set(withImage.map(({ type }) => type)).size).toBe(4);
      const { errors } = checkStacks([given], { lookups: tooLarge, pins: new Map() });
      expect(errors.map(({ address }) => address).sort()).toEqual(
        withImage.map(({ address }) => address).sort(),
      );
    },
  );

  test("the pool has a pin of its own, and one subnet", () => {
    for (const name of Object.keys(environments)) {
      const pool = stack(name).resource.huaweicloud_workspace_desktop_pool?.["call-centre"] as unknown as {
        image_id: string;
        subnet_ids: unknown[];
      };
      expect(pool.subnet_ids).toHaveLength(1);
      const pin = readLockFile(ROOT, { name })!.pins.get("call-centre-windows");
      expect(pin?.images.map(({ id }) => id)).toEqual([pool.image_id]);
    }
  });

  test("names are as the service allows: 1 to 15 letters, digits or hyphens for desktops and pools", () => {
    for (const name of Object.keys(environments)) {
      const { resource } = stack(name);
      const { huaweicloud_workspace_desktop: desktops, huaweicloud_workspace_desktop_pool: pools } = resource;
      for (const desktop of Object.values({ ...desktops, ...pools })) {
        expect(desktop.name).toMatch(/^[A-Za-z0-9-]{1,15}$/);
      }
    }
  });
});

describe("the check against the schema", () => {
  const block: SchemaBlock = {
    attributes: {
      name: { type: "string", required: true },
      size: { type: "number", optional: true },
      tags: { type: ["map", "string"], optional: true },
      status: { type: "string", computed: true },
    },
    block_types: {
      volume: {
        nesting_mode: "list",
        min_items: 1,
        max_items: 1,
        block: { attributes: { size: { type: "number" as AttributeType, required: true } } },
      },
    },
  };

  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
  const reference = "${a.b.c}";

  test.each([
    [{ name: "a", volume: { size: 1 } }, []],
    [{ name: reference, size: reference, tags: { a: "b" }, volume: [{ size: 1 }] }, []],
    [{ volume: { size: 1 } }, ["here: name is required"]],
    [{ name: 1, volume: { size: 1 } }, ["here: name is not string"]],
    [{ name: "a", size: "1", volume: { size: 1 } }, ["here: size is not number"]],
    [{ name: "a", tags: { a: 1 }, volume: { size: 1 } }, ['here: tags is not ["map","string"]']],
    [{ name: "a", colour: "red", volume: { size: 1 } }, ["here: colour is unknown"]],
    [{ name: "a", status: "up", volume: { size: 1 } }, ["here: status is only computed"]],
    [{ name: "a" }, ["here: volume has 0 blocks, fewer than 1"]],
    [{ name: "a", volume: [{ size: 1 }, { size: 2 }] }, ["here: volume has 2 blocks, more than 1"]],
    [{ name: "a", volume: {} }, ["here.volume: size is required"]],
  ])("%j gives %j", (given, expected) => {
    expect(checkBlock("here", given, block)).toEqual(expected);
  });
});
