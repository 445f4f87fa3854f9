import * as fc from "fast-check";
import { listDivided } from "../../src/api/divided-listing";
import type { Taking } from "../../src/api/paging";
import { type EmulatorOptions, WorkspaceEmulator } from "../../src/emulator";
import type { ListImagesQuery } from "../../src/images/image-filter";
import type { WorkspaceImage } from "../../src/images/workspace-image";
import { clientOf } from "../support/client";
import { closing } from "../support/closing";
import { rejection } from "../support/errors";
import { image } from "../support/images";
import { ROOT, TestProject } from "../support/project";
import { ids, REGION } from "./support";

/** Images of every documented type, of which many have one name. */
function mixed(count: number): WorkspaceImage[] {
  return Array.from({ length: count }, (_, index) =>
    image({
      id: `id-${String(index).padStart(5, "0")}`,
      name: `name ${Math.floor(index / 3)}`,
      imageType: index % 4 === 0 ? "private" : "gold",
      osType: ["Windows", "Linux", "Other"][index % 3]!,
      architecture: index % 5 === 0 ? "arm" : "x86",
    }),
  );
}

async function emulate(images: readonly WorkspaceImage[], options: EmulatorOptions = {}) {
  const all = { [REGION]: images };
  return closing(await WorkspaceEmulator.start({ images: all, ...options }));
}

describe("a listing beyond the greatest offset", () => {
  test.each([5_000, 5_049, 5_050, 5_051, 5_100, 5_101, 5_200, 9_000])(
    "of 5,000 has all %d images, in the service's order",
    async (count) => {
      const emulator = await emulate(mixed(count));
      const listed = await clientOf(emulator).listImages();
      expect(listed.map(({ id }) => id)).toEqual(await inOrder(emulator));
    },
    60_000,
  );

  test("is whole without a total, too, as long as its two ends meet", async () => {
    const emulator = await emulate(mixed(380), { maxOffset: 200, totalCount: "missing" });
    const listed = await clientOf(emulator).listImages();
    expect(ids(listed)).toEqual(ids(emulator.images(REGION)));
  });

  test("is divided by what the service filters by, where its two ends do not meet", async () => {
    const emulator = await emulate(mixed(1_500), { maxOffset: 200 });
    const client = clientOf(emulator);
    expect(ids(await client.listImages())).toEqual(ids(emulator.images(REGION)));
    const gold = emulator.images(REGION).filter(({ imageType }) => imageType === "gold");
    expect(ids(await client.listImages({ imageType: "gold" }))).toEqual(ids(gold));
    const newest = await client.listImages({ sortField: "name", sortType: "desc" });
    expect(newest.map(({ name }) => name)).toEqual(
      newest
        .map(({ name }) => name)
        .sort()
        .reverse(),
    );
  });

  test.each<[string, EmulatorOptions, Partial<WorkspaceImage>]>([
    ["whose total is wrong", { totalCount: "low" }, {}],
    ["whose total is missing", { totalCount: "missing" }, {}],
    ["of which an image has a type that nobody knows", {}, { osType: "HarmonyOS" }],
    ["of which an image has a new type", {}, { imageType: "shared" }],
  ])("that parts do not prove whole, %s, fails and says what narrows it", async (_, options, odd) => {
    const images = mixed(1_500).map((one, index) => (index === 701 ? { ...one, ...odd } : one));
    const emulator = await emulate(images as WorkspaceImage[], { maxOffset: 200, ...options });
    const error = await rejection(clientOf(emulator).listImages());
    expect(error).toMatchObject({ code: "LISTING_TOO_LARGE" });
    expect(error.message).toMatch(/Add filters that the service decides: .*imageId\.$/);
  });

  test("whose other end changed meanwhile loses no image that was there all the while", async () => {
    const names = fc.array(fc.nat(12), { minLength: 1, maxLength: 60 });
    const flips = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 40 }), flips, async (all, reach, isNew) => {
        const images = all.map((name, index) => ({ id: `${index}`, name: String.fromCharCode(97 + name) }));
        // Equal names come in any order, and what is new is not there at first.
        const take = async ({ sortType }: ListImagesQuery): Promise<Taking> => {
          const isBackward = sortType === "desc";
          const there = images.filter((_, index) => isBackward || !isNew[index]);
          const sorted = there.toSorted((a, b) =>
            a.name < b.name ? -1 : a.name > b.name ? 1 : isBackward ? 1 : 0,
          );
          const ordered = isBackward ? sorted.toReversed() : sorted;
          const cutOff = ordered.length > reach ? new Error("offset") : undefined;
          return { images: ordered.slice(0, reach), total: undefined, cutOff };
        };
        const listed = await listDivided({}, take).catch((error: Error) => error);
        if (listed instanceof Error) return;
        const old = images.filter((_, index) => !isNew[index]);
        expect(ids(listed)).toEqual(expect.arrayContaining(ids(old)));
        expect(new Set(ids(listed)).size).toBe(listed.length);
      }),
      { numRuns: 2000 },
    );
  });
});

test("where all images are too many, lookups and commands list those that they ask for", async () => {
  const images = mixed(1_500).map((one) => ({ ...one, imageType: "gold" }));
  const emulator = await emulate([...images, image({ id: "own", imageType: "private" })], {
    maxOffset: 100,
    totalCount: "low",
  });
  const project = new TestProject({ dev: { region: REGION } });
  const pinned = await project.cli(
    ["pin", "office", "--env", "dev", "--image-type", "private", "--os-type", "Windows"],
    emulator.variables,
  );
  expect(pinned).toMatchObject({ code: 0 });
  expect((await project.cli(["update", "--env", "dev"], emulator.variables)).stdout).toContain(
    "nothing to move",
  );
  expect((await project.cli(["verify"], emulator.variables)).stdout).toContain("ok    office");
  emulator.remove(REGION, "own");
  expect((await project.cli(["verify"], emulator.variables)).stdout).toContain("deleted: image-own (own");
  emulator.publish(REGION, image({ id: "own", imageType: "private" }));
  const all = await project.cli(["list"], emulator.variables);
  expect(all).toMatchObject({ code: 2 });
  expect(all.stderr).toContain(
    "Add filters that the service decides: imageType, osType, architecture, imageId.",
  );

  const synth = await project.script(
    `const { App, TerraformStack } = require("cdktf");
    const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require(${JSON.stringify(ROOT)});
    const app = new App();
    WorkspaceImageCatalog.prefetch(app).then(() => {
      const stack = new TerraformStack(app, "s");
      const one = (id, filter) => new DataHuaweicloudWorkspaceImage(stack, id, { environment: "dev", ...filter });
      console.log(one("own", { imageType: "private" }).id);
      console.log(one("exact", { imageId: "id-00700" }).id);
      try { one("any", { name: "name 5" }); } catch (error) { console.log(error.code, error.cause.code); }
    });`,
    emulator.variables,
  );
  expect(synth.stderr).toBe("");
  expect(synth.stdout.split("\n")).toEqual([
    "own",
    "id-00700",
    "ENVIRONMENT_UNAVAILABLE LISTING_TOO_LARGE",
    "",
  ]);
});

/** The IDs of all images in the order in which the emulator lists them. */
async function inOrder(emulator: WorkspaceEmulator): Promise<string[]> {
  const order = (a: WorkspaceImage, b: WorkspaceImage) => {
    const [one, other] = [`${a.name}`, `${b.name}`];
    return one < other ? -1 : one > other ? 1 : a.id < b.id ? -1 : 1;
  };
  return emulator
    .images(REGION)
    .toSorted(order)
    .map(({ id }) => id);
}
