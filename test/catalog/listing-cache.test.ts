import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import { DataHuaweicloudWorkspaceImages, type PrefetchOptions } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { ROOT, TestProject } from "../support/project";
import { enter, openApp, restoreProcess } from "../support/synth";

restoreProcess();
// Processes that a busy machine starts take their time.
jest.setTimeout(60_000);

const REGION = "cn-north-4";
const HOUR = 3600;

let emulator: WorkspaceEmulator;
let base: string;
let cache: string;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { [REGION]: [image({ id: "a" })], "cn-south-1": [image({ id: "s" })] },
  });
  base = mkdtempSync(join(tmpdir(), "workspace-images-cache-"));
  cache = join(base, "cdktf-huaweicloud-workspace-images");
  project(REGION);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await emulator.close();
});

function project(region: string) {
  enter(new TestProject({ dev: { region, projectId: emulator.projectId(region) } }), {
    ...emulator.variables,
    XDG_CACHE_HOME: base,
  });
}

/** The images of a new run. */
async function list(options?: PrefetchOptions): Promise<string[]> {
  const { stack } = await openApp(options);
  return new DataHuaweicloudWorkspaceImages(stack, "all", {}).ids;
}

const entries = () => readdirSync(cache).map((name) => join(cache, name));
const onlyEntry = () => {
  const [entry, ...others] = entries();
  expect(others).toEqual([]);
  return entry!;
};
/** How often a listing was begun. */
const asked = () => emulator.requests.filter(({ query }) => query.offset !== "0").length;
/** Changes the only entry. */
const rewrite = (change: (entry: Record<string, unknown>) => void) => () => {
  const entry = JSON.parse(readFileSync(onlyEntry(), "utf8"));
  change(entry);
  writeFileSync(onlyEntry(), JSON.stringify(entry));
};
/** What is asked of the service by a run, after `prepare` did something to the cache. */
const askedAfter = async (prepare: () => void, options?: PrefetchOptions) => {
  await list(options);
  const before = asked();
  prepare();
  expect(await list(options)).toEqual(["a"]);
  return asked() - before;
};

describe("a listing is kept", () => {
  test("so that the next run asks no one", async () => {
    expect(await askedAfter(() => {})).toBe(0);
  });

  test("in a folder and files that only the user may read", async () => {
    const mask = process.umask(0);
    try {
      await list();
    } finally {
      process.umask(mask);
    }
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(onlyEntry()).mode & 0o777).toBe(0o600);
  });

  const age = (seconds: number) =>
    rewrite((entry) => Object.assign(entry, { fetchedAt: Date.now() - seconds * 1000 }));

  test("for an hour", async () => {
    expect(await askedAfter(age(HOUR - 60))).toBe(0);
    expect(await askedAfter(age(HOUR + 60))).toBe(1);
  });

  test("for as long as listingMaxAgeSeconds says, and not beyond a day", async () => {
    expect(await askedAfter(age(60), { listingMaxAgeSeconds: 120 })).toBe(0);
    expect(await askedAfter(age(180), { listingMaxAgeSeconds: 120 })).toBe(1);
    expect(await askedAfter(age(23 * HOUR), { listingMaxAgeSeconds: 100 * HOUR })).toBe(0);
    expect(await askedAfter(age(25 * HOUR), { listingMaxAgeSeconds: 100 * HOUR })).toBe(1);
  });

  test("not at all where listingMaxAgeSeconds is 0", async () => {
    expect(await askedAfter(() => {}, { listingMaxAgeSeconds: 0 })).toBe(1);
    expect(existsSync(cache)).toBe(false);
  });

  test("not at all where certificates are not checked, for those who check them", async () => {
    process.env.HW_INSECURE = "true";
    await list();
    delete process.env.HW_INSECURE;
    expect(existsSync(cache)).toBe(false);
  });

  test("in the user's own cache folder where XDG_CACHE_HOME names none", async () => {
    delete process.env.XDG_CACHE_HOME;
    jest.spyOn(os, "homedir").mockReturnValue(base);
    await list();
    expect(readdirSync(join(base, ".cache/cdktf-huaweicloud-workspace-images"))).toHaveLength(1);
  });

  test("by parameters", async () => {
    expect(await askedAfter(() => {}, { listings: [{}, { osType: "Linux" }] })).toBe(0);
    expect(entries()).toHaveLength(2);
    const { stack } = await openApp({ listings: [{ osType: "Linux" }] });
    expect(new DataHuaweicloudWorkspaceImages(stack, "all", { osType: "Linux" }).ids).toEqual([]);
  });

  test("by project", async () => {
    await list();
    project("cn-south-1");
    expect(await list()).toEqual(["s"]);
    expect(entries()).toHaveLength(2);
  });

  test("by endpoint", async () => {
    await list();
    const other = await WorkspaceEmulator.start({ images: { [REGION]: [image({ id: "other" })] } });
    enter(new TestProject({ dev: { region: REGION, projectId: other.projectId(REGION) } }), {
      ...other.variables,
      XDG_CACHE_HOME: base,
    });
    expect(await list()).toEqual(["other"]);
    await other.close();
  });
});

describe("an entry is fetched again, and replaced, where it is", () => {
  test.each<[string, () => void]>([
    ["empty", () => truncateSync(onlyEntry())],
    ["truncated", () => truncateSync(onlyEntry(), 100)],
    ["no JSON", () => writeFileSync(onlyEntry(), "\0\0\0\0")],
    ["JSON of another shape", () => writeFileSync(onlyEntry(), '{"images":["a"]}')],
    ["of another listing", rewrite((entry) => Object.assign(entry, { key: "{}" }))],
    ["of the future", rewrite((entry) => Object.assign(entry, { fetchedAt: Date.now() + 60_000 }))],
    [
      "of images with a field that is none",
      rewrite((entry) => Object.assign(entry, { images: [{ id: "x", y: 1 }] })),
    ],
    [
      "of images with a wrong field",
      rewrite((entry) => Object.assign(entry, { images: [{ id: "x", minDisk: "1" }] })),
    ],
    ["readable by others", () => chmodSync(onlyEntry(), 0o644)],
    ["writable by others", () => chmodSync(onlyEntry(), 0o602)],
    [
      "a link",
      () => {
        const entry = onlyEntry();
        renameSync(entry, join(base, "elsewhere"));
        symlinkSync(join(base, "elsewhere"), entry);
      },
    ],
  ])("%s", async (_, damage) => {
    expect(await askedAfter(damage)).toBe(1);
    expect(lstatSync(onlyEntry()).mode & 0o777777).toBe(0o100600);
    expect(await askedAfter(() => {})).toBe(0);
  });

  test("another user's", async () => {
    await list();
    const planted = readFileSync(onlyEntry(), "utf8").replaceAll('"a"', '"planted"');
    writeFileSync(onlyEntry(), planted);
    expect(await list()).toEqual(["planted"]);
    jest.spyOn(process as { getuid(): number }, "getuid").mockReturnValue(4711);
    expect(await list()).toEqual(["a"]);
  });
});

describe("a folder is not trusted, and not written to, where it", () => {
  const plant = async () => {
    await list();
    writeFileSync(onlyEntry(), readFileSync(onlyEntry(), "utf8").replaceAll('"a"', '"planted"'));
    const planted = readFileSync(onlyEntry(), "utf8");
    return () => expect(readFileSync(onlyEntry(), "utf8")).toBe(planted);
  };

  test.each(["770", "707", "777"])("has permissions %s", async (mode) => {
    const expectUntouched = await plant();
    chmodSync(cache, mode);
    expect(await list()).toEqual(["a"]);
    expectUntouched();
  });

  test("is a link", async () => {
    const expectUntouched = await plant();
    renameSync(cache, join(base, "elsewhere"));
    symlinkSync(join(base, "elsewhere"), cache);
    expect(await list()).toEqual(["a"]);
    expectUntouched();
  });
});

describe("the cache never fails a run", () => {
  test.each<[string, () => void]>([
    ["a file is in its place", () => writeFileSync(cache, "")],
    ["its place leads nowhere", () => symlinkSync("/nowhere/at/all", cache)],
    [
      "the user has no home",
      () => {
        delete process.env.XDG_CACHE_HOME;
        jest.spyOn(os, "homedir").mockImplementation(() => {
          throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ENOENT" });
        });
      },
    ],
  ])("where %s", async (_, prepare) => {
    prepare();
    expect(await list()).toEqual(["a"]);
    expect(await list()).toEqual(["a"]);
    expect(asked()).toBe(2);
  });

  test("where a folder is in the place of an entry", async () => {
    await list();
    const entry = onlyEntry();
    rmSync(entry);
    mkdirSync(entry);
    expect(await list()).toEqual(["a"]);
    expect(asked()).toBe(2);
  });
});

describe("what is kept is bounded", () => {
  const put = (name: string, megabytes: number, ageHours: number) => {
    const path = join(cache, name);
    writeFileSync(path, "");
    truncateSync(path, megabytes * 1024 * 1024);
    const time = Date.now() / 1000 - ageHours * HOUR;
    utimesSync(path, time, time);
  };
  const names = () =>
    readdirSync(cache)
      .filter((name) => !/^[0-9a-f]{64}\.json$/.test(name))
      .sort();

  test("in age: what is older than a day goes, also what a killed writer left", async () => {
    mkdirSync(cache, { mode: 0o700 });
    put("old.json", 0, 25);
    put(".old.json.tmp", 0, 25);
    put("young.json", 0, 23);
    put(".young.json.tmp", 0, 0);
    await list();
    expect(names()).toEqual([".young.json.tmp", "young.json"]);
  });

  test("in size of an entry, however good it is", async () => {
    expect(
      await askedAfter(() => {
        const entry = readFileSync(onlyEntry(), "utf8");
        writeFileSync(onlyEntry(), `${" ".repeat(64 * 1024 * 1024)}${entry}`);
      }),
    ).toBe(1);
  });

  test("in size: of more than 64 MiB the oldest go", async () => {
    mkdirSync(cache, { mode: 0o700 });
    put("1.json", 30, 1);
    put("2.json", 30, 2);
    put("3.json", 30, 3);
    await list();
    expect(names()).toEqual(["1.json", "2.json"]);
  });
});

test("processes that use it at the same time read whole entries", async () => {
  const many = Array.from({ length: 150 }, (_, index) => image({ id: `id-${index}` }));
  const big = await WorkspaceEmulator.start({ images: { [REGION]: many } });
  const shared = new TestProject({ dev: { region: REGION, projectId: big.projectId(REGION) } });
  const script = `
    const { RootConstruct } = require("constructs");
    const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImages } = require("${ROOT}");
    (async () => {
      for (let run = 0; run < 10; run++) {
        // Every other run writes.
        const app = new RootConstruct();
        await WorkspaceImageCatalog.prefetch(app, { listingMaxAgeSeconds: run % 2 ? 0.001 : 3600 });
        const { ids } = new DataHuaweicloudWorkspaceImages(app, "all", {});
        if (new Set(ids).size !== 150) throw new Error("lost images: " + ids.length);
      }
    })();`;
  const variables = { ...big.variables, XDG_CACHE_HOME: base };
  const ended = await Promise.all(Array.from({ length: 6 }, () => shared.script(script, variables)));
  for (const { code, stderr } of ended) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(readFileSync(onlyEntry(), "utf8")).images).toHaveLength(150);
  await big.close();
});
