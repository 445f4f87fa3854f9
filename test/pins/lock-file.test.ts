import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import * as fc from "fast-check";
import { DataHuaweicloudWorkspaceImage, DataHuaweicloudWorkspaceImages, LockFileError } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { readLockFile } from "../../src/pins/lock-file";
import { parseLockFile, serializeLockFile } from "../../src/pins/lock-file-format";
import { rejection, thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";

import { TestProject } from "../support/project";
import { enter, openApp, restoreProcess, synthesize } from "../support/synth";

restoreProcess();
const REGION = "cn-north-4";
const LOCK = "workspace-images/dev.lock.json";

describe("a lock file as synth writes it", () => {
  let emulator: WorkspaceEmulator;
  let project: TestProject;

  beforeEach(async () => {
    emulator = await WorkspaceEmulator.start({
      images: {
        [REGION]: [
          image({ id: "win-1", name: "Windows_11_1" }),
          image({ id: "win-2", name: "Windows_11_2", createdAt: "2025-02-01T00:00:00Z", minDisk: 100 }),
          { id: "bare", osType: "Linux" },
        ],
      },
    });
    project = new TestProject({ dev: { region: REGION } });
    enter(project, emulator.variables);
  });
  afterEach(() => emulator.close());

  const build = (stack: ConstructorParameters<typeof DataHuaweicloudWorkspaceImage>[0]) => {
    // Neither in the order of names nor of keys.
    new DataHuaweicloudWorkspaceImage(stack, "office", {
      osType: "Windows",
      nameRegex: "^Windows_11",
      mostRecent: true,
      imageType: "gold",
    });
    new DataHuaweicloudWorkspaceImages(stack, "all-linux", { osType: "Linux" });
    new DataHuaweicloudWorkspaceImages(stack, "none", { osType: "Other" });
  };

  test("has this very form, keys in one order, and integrity over its place and every field of a pin", async () => {
    await synthesize(build);
    // A second may end between two pins.
    const pinnedAt = (name: string): string => project.readLock("dev").pins[name].pinnedAt;
    for (const name of ["all-linux", "none", "office"]) {
      expect(pinnedAt(name)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Math.abs(Date.now() - Date.parse(pinnedAt(name)))).toBeLessThan(60_000);
    }
    const place = `"dev","${REGION}","${emulator.projectId(REGION)}"`;
    const sha256 = (pin: string) => createHash("sha256").update(`[${place},${pin}]`).digest("base64");
    const windows = `{"filter":{"imageType":"gold","mostRecent":true,"nameRegex":"^Windows_11","osType":"Windows"},"pinnedAt":"${pinnedAt("office")}","images":[{"id":"win-2","name":"Windows_11_2","imageType":"gold","osType":"Windows","osVersion":"Windows 11 Enterprise 64bit","architecture":"x86","diskFormat":"zvhd2","minRam":0,"minDisk":100,"productCode":"workspace.windows","createdAt":"2025-02-01T00:00:00Z"}]}`;
    expect(project.read(LOCK)).toBe(`{
  "lockfileVersion": 1,
  "environment": "dev",
  "region": "cn-north-4",
  "projectId": "${emulator.projectId(REGION)}",
  "pins": {
    "all-linux": {
      "filter": {
        "osType": "Linux"
      },
      "all": true,
      "pinnedAt": "${pinnedAt("all-linux")}",
      "images": [
        {
          "id": "bare",
          "osType": "Linux"
        }
      ],
      "integrity": "sha256-${sha256(`{"filter":{"osType":"Linux"},"all":true,"pinnedAt":"${pinnedAt("all-linux")}","images":[{"id":"bare","osType":"Linux"}]}`)}"
    },
    "none": {
      "filter": {
        "osType": "Other"
      },
      "all": true,
      "pinnedAt": "${pinnedAt("none")}",
      "images": [],
      "integrity": "sha256-${sha256(`{"filter":{"osType":"Other"},"all":true,"pinnedAt":"${pinnedAt("none")}","images":[]}`)}"
    },
    "office": {
      "filter": {
        "imageType": "gold",
        "mostRecent": true,
        "nameRegex": "^Windows_11",
        "osType": "Windows"
      },
      "pinnedAt": "${pinnedAt("office")}",
      "images": [
        {
          "id": "win-2",
          "name": "Windows_11_2",
          "imageType": "gold",
          "osType": "Windows",
          "osVersion": "Windows 11 Enterprise 64bit",
          "architecture": "x86",
          "diskFormat": "zvhd2",
          "minRam": 0,
          "minDisk": 100,
          "productCode": "workspace.windows",
          "createdAt": "2025-02-01T00:00:00Z"
        }
      ],
      "integrity": "sha256-${sha256(windows)}"
    }
  }
}
`);
  });

  test("is left alone, byte for byte and untouched, where nothing changes", async () => {
    await synthesize(build);
    const [text, { mtimeMs, ino }] = [project.read(LOCK), statSync(project.lockFile("dev"))];
    emulator.publish(REGION, image({ id: "win-3", name: "Windows_11_3", createdAt: "2026-01-01T00:00:00Z" }));
    await synthesize(build);
    expect(project.read(LOCK)).toBe(text);
    expect(statSync(project.lockFile("dev"))).toMatchObject({ mtimeMs, ino });
  });

  test("keeps the time of every pin that stays, also of one whose question is changed", async () => {
    const old = "2026-01-01T00:00:00Z";
    await synthesize(build);
    const { pins } = readLockFile(project.directory, { name: "dev" })!;
    const place = { region: REGION, projectId: emulator.projectId(REGION) };
    const aged = Object.fromEntries([...pins].map(([name, pin]) => [name, { ...pin, pinnedAt: old }]));
    writePins(project, "dev", aged, place);
    await synthesize((stack) => {
      new DataHuaweicloudWorkspaceImage(stack, "office", { name: "Windows_11_2" });
      new DataHuaweicloudWorkspaceImages(stack, "all-linux", { osType: "Linux" });
      new DataHuaweicloudWorkspaceImages(stack, "new", {});
    });
    const after = project.readLock("dev").pins;
    expect(after.office).toMatchObject({
      filter: { name: "Windows_11_2" },
      images: [{ id: "win-2" }],
      pinnedAt: old,
    });
    expect(after.new.pinnedAt).not.toBe(old);
    expect([after["all-linux"].pinnedAt, after.none.pinnedAt]).toEqual([old, old]);
  });

  test("leaves nothing else in the folder", async () => {
    await synthesize(build);
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
  });
});

describe("a pin's name", () => {
  test("is the construct's id, or pinName; one name and filter is one pin", async () => {
    const project = new TestProject({ dev: {} });
    enter(project, { CI: "1" });
    writePins(project, "dev", { "by-id": pinOf("a"), "by-name": pinOf("b") });
    const { built } = await synthesize((stack) => [
      new DataHuaweicloudWorkspaceImage(stack, "by-id", { imageType: "gold" }).id,
      new DataHuaweicloudWorkspaceImage(stack, "x", { pinName: "by-name", imageType: "gold" }).id,
      new DataHuaweicloudWorkspaceImage(stack, "y", { pinName: "by-name", imageType: "gold" }).id,
    ]);
    expect(built).toEqual(["a", "b", "b"]);
  });

  test("that two lookups use for other filters, or another number of images, is a conflict that names both", async () => {
    const project = new TestProject({ dev: {} });
    enter(project, { CI: "1" });
    writePins(project, "dev", { windows: pinOf("a") });
    const { stack } = await openApp();
    new DataHuaweicloudWorkspaceImage(stack, "windows", { imageType: "gold" });
    const conflict = (filter: object, Kind: typeof DataHuaweicloudWorkspaceImages, id: string) =>
      thrown(() => new Kind(stack, id, { pinName: "windows", ...filter }));
    const one = DataHuaweicloudWorkspaceImage as unknown as typeof DataHuaweicloudWorkspaceImages;
    const error = conflict({ imageType: "private" }, one, "other");
    expect(error).toMatchObject({ name: "PinConflictError", code: "PIN_CONFLICT" });
    expect(error.message).toBe(
      'stack/other (environment "dev"): pin "windows" is already used there by stack/windows for another question (imageType "gold" → "private"). Give one of the two lookups a pinName of its own, such as "windows-2"; that one keeps the images of this pin with: workspace-images rename windows windows-2 --keep',
    );
    expect(conflict({ imageType: "gold" }, DataHuaweicloudWorkspaceImages, "many").message).toContain(
      "(one image → all images)",
    );
  });

  test.each([
    ["", /"" cannot name a pin/],
    ["a\nb", /"a\\nb" cannot name a pin/],
    ["x".repeat(256), /cannot name a pin/],
    [["$", "{TfToken[TOKEN.0]}"].join(""), /cannot name a pin.*without control characters or tokens/],
  ])("%j cannot be one, and is refused before it is written", async (pinName, message) => {
    const project = new TestProject({ dev: {} });
    enter(project, { CI: "1" });
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "x", { pinName, imageType: "gold" }));
    expect(error).toMatchObject({ code: "CONFIGURATION" });
    expect(error.message).toMatch(/^stack\/x \(environment "dev"\): /);
    expect(error.message).toMatch(message);
  });
});

describe("a damaged lock file", () => {
  const project = new TestProject({ dev: { region: REGION, projectId: "project-dev" } });
  writePins(project, "dev", { linux: pinOf(image({ id: "linux", minDisk: 40 })), windows: pinOf("windows") });
  const good = project.read(LOCK);
  const RESTORE = `Restore it with: git checkout -- ${LOCK}`;

  const damage = async (text: string) => {
    enter(project, { CI: "1" });
    project.write(LOCK, text);
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "linux", { imageType: "gold" }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message.startsWith(LOCK)).toBe(true);
    return error.message;
  };
  const edit = (from: string | RegExp, to: string) => {
    const edited = good.replace(from, to);
    expect(edited).not.toBe(good);
    return edited;
  };
  const serialize = (place: object) => serializeLockFile({ ...parseLockFile(good, LOCK), ...place });
  /** A file as a later version would write it, with more in pin `linux`. */
  const later = (change: (pin: Record<string, unknown>) => object) => {
    const json = JSON.parse(good);
    const { integrity: _, ...pin } = change(json.pins.linux) as Record<string, unknown>;
    const covered = JSON.stringify([json.environment, json.region, json.projectId, pin]);
    json.pins.linux = {
      ...pin,
      integrity: `sha256-${createHash("sha256").update(covered).digest("base64")}`,
    };
    return JSON.stringify(json, null, 2);
  };
  const conflict = (text: string, line: string) =>
    text.replace(line, `<<<<<<< HEAD\n${line}\n=======\n${line.replace("40", "60")}\n>>>>>>> other`);

  test.each<[string, () => string, string[]]>([
    [
      "of a later version",
      () => edit('"lockfileVersion": 1', '"lockfileVersion": 2'),
      [
        "has lockfileVersion 2, but this version reads 1. A newer version wrote it. Run: npm install cdktf-huaweicloud-workspace-images@latest",
      ],
    ],
    [
      "whose version is a text",
      () => edit('"lockfileVersion": 1', '"lockfileVersion": "1"'),
      ["lockfileVersion", RESTORE],
    ],
    [
      "with a filter that a later version has",
      () => later((pin) => ({ ...pin, filter: { ...Object(pin.filter), language: "en" } })),
      [
        'pin "linux" is not understood by this version: its filter: there is no filter language',
        "A newer version wrote it. Run: npm install",
      ],
    ],
    [
      "with something in a pin that a later version has",
      () => later((pin) => ({ ...pin, note: "n" })),
      ['pin "linux" is not understood by this version: unknown key note', "A newer version wrote it"],
    ],
    [
      "in UTF-16",
      () => `\uFFFD\uFFFD${[...good].join("\0")}\0`,
      ["(line 1, column 1: this is not UTF-8 text"],
    ],
    ["that is empty", () => "", ["is not complete JSON", RESTORE]],
    [
      "that is truncated",
      () => good.slice(0, good.indexOf('"windows"') + 100),
      ['is not complete JSON, in or after pin "windows" (', RESTORE, "delete it and take its pins anew"],
    ],
    [
      "with a lost comma",
      () => edit('"diskFormat": "zvhd2",', '"diskFormat": "zvhd2"'),
      ['is not complete JSON, in or after pin "linux"', RESTORE],
    ],
    [
      "with a word that is no value",
      () => edit('"diskFormat": "zvhd2"', '"diskFormat": zvhd2'),
      ['is not complete JSON, in or after pin "linux" (line ', ": expected a value)", RESTORE],
    ],
    [
      "that begins with a byte order mark",
      () => `\uFEFF${good}`,
      ["is not complete JSON (line 1, column 1: a byte order mark stands before the text)", RESTORE],
    ],
    [
      "with merge-conflict markers in one pin",
      () => conflict(good, '          "minDisk": 40,'),
      ['has merge-conflict markers in pin "linux". Merge both sides with: workspace-images resolve'],
    ],
    [
      "with merge-conflict markers around pins",
      () => edit(/( {4}"linux"[\s\S]*)( {2}\}\n\}\n)$/, "<<<<<<< HEAD\n$1=======\n$1>>>>>>> other\n$2"),
      ['has merge-conflict markers in pin "linux", pin "windows". Merge'],
    ],
    [
      "with merge-conflict markers outside pins",
      () => conflict(good, '  "region": "cn-north-4",'),
      ["has merge-conflict markers. Merge both sides"],
    ],
    [
      "with a pin twice",
      () => edit('"windows": {', '"linux": {'),
      ['has the pin "linux" twice, as after a bad merge', RESTORE],
    ],
    [
      "with a key twice in a pin",
      () => edit(/("minDisk": 80,)/, '$1\n          "minDisk": 90,'),
      ['has the key "minDisk" twice in pin "windows"', RESTORE],
    ],
    [
      "with a key twice in another spelling",
      () => edit('"region": "cn-north-4"', '"region": "cn-north-4",\n  "re\\u0067ion": "cn-south-1"'),
      ['has the key "region" twice', RESTORE],
    ],
    ["with an unknown key", () => edit('"pins"', '"note": "x",\n  "pins"'), ["unknown key note", RESTORE]],
    [
      "with an unknown key in a pin",
      () => edit('"filter"', '"comment": "x",\n      "filter"'),
      ['pin "linux" is damaged: unknown key comment', RESTORE],
    ],
    [
      "with an unknown key in an image",
      () => edit('"minDisk": 40', '"minDiskGb": 40'),
      ['pin "linux" is damaged: unknown key images.0.minDiskGb', RESTORE],
    ],
    [
      "with an unknown filter",
      () => edit('"imageType": "gold"\n      }', '"imagetype": "gold"\n      }'),
      ['pin "linux" is damaged: its filter: there is no filter', RESTORE],
    ],
    [
      "with a missing key",
      () => edit(/\n {6}"integrity": "[^"]*"\n/, "\n").replace("],\n    },", "]\n    },"),
      ['pin "linux" is damaged: integrity: missing', RESTORE],
    ],
    ["without pins", () => edit(/"pins": [\s\S]*/, '"pins": []\n}\n'), ["pins", RESTORE]],
    [
      "with a time that is none",
      () => edit("2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z"),
      ['pin "linux" is damaged: pinnedAt: expected a time such as', RESTORE],
    ],
    [
      "with an image edited by hand",
      () => edit('"id": "windows"', '"id": "linux"'),
      ['pin "windows" does not match its integrity', RESTORE, "workspace-images update"],
    ],
    [
      "with a filter edited by hand",
      () => edit('"imageType": "gold"\n      }', '"imageType": "private"\n      }'),
      ['pin "linux" does not match its integrity', RESTORE],
    ],
    [
      "with a pin that became one of all images",
      () => edit('"pinnedAt"', '"all": true,\n      "pinnedAt"'),
      ['pin "linux" does not match its integrity', RESTORE],
    ],
    [
      "whose environment, region or project was edited",
      () => edit("project-dev", "project-x"),
      ['pin "linux" does not match its integrity', RESTORE],
    ],
    [
      "with a pin from another region",
      () => {
        const elsewhere = serialize({ region: "cn-south-1" });
        return edit(/"integrity": "[^"]*"/, /"integrity": "[^"]*"/.exec(elsewhere)![0]);
      },
      [
        'pin "linux" does not match its integrity: it was edited by hand',
        "copied from another file",
        RESTORE,
      ],
    ],
    [
      "with another time",
      () => edit("2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
      ['pin "linux" does not match its integrity', RESTORE],
    ],
    [
      "of another environment",
      () => serialize({ environment: "prod" }),
      [
        'holds the pins of environment "prod", but environment "dev"',
        "workspace-images rename --environment prod dev",
        "git checkout",
      ],
    ],
    [
      "of another region",
      () => serialize({ region: "cn-south-1" }),
      [
        'holds the pins of region "cn-south-1", but environment "dev" is in region "cn-north-4"',
        "delete the file",
      ],
    ],
    [
      "of another project",
      () => serialize({ projectId: "project-x" }),
      ['holds the pins of project "project-x", but environment "dev" is in project "project-dev"'],
    ],
    ["that is a list", () => "[]", ["is not a lock file", RESTORE]],
    [
      "that is nested without end",
      () => `${'{"pins":'.repeat(200_000)}{}${"}".repeat(200_000)}`,
      ["nested too deeply", RESTORE],
    ],
    [
      "with a filter that is nested without end",
      () => edit('"imageType": "gold"', `"imageType": ${"[".repeat(6000)}${"]".repeat(6000)}`),
      ["is ", RESTORE],
    ],
    [
      "with a text without end",
      () => edit("image-linux", "x".repeat(12_000_000)).replace(": 1,", ":  1,"),
      ["too long", RESTORE],
    ],
    ["that is larger than any", () => "x".repeat(140_000_000), ["is larger than 128 MB", RESTORE]],
    ["that is null", () => "null", ["is not a lock file", RESTORE]],
  ])("%s is an error that names it and what to run", async (_, damaged, parts) => {
    const message = await damage(damaged());
    for (const part of parts) expect(message).toContain(part);
    expect(message).not.toContain("undefined");
  });

  test("of another region than HW_REGION_NAME, where the environment names none, is an error", async () => {
    const other = new TestProject({ dev: {} });
    writePins(other, "dev", { x: pinOf("a") });
    enter(other, { HW_REGION_NAME: "cn-south-1" });
    const ask = async () => {
      const { stack } = await openApp({ mode: "frozen" });
      return new DataHuaweicloudWorkspaceImage(stack, "x", { imageType: "gold" }).id;
    };
    const error = await rejection(ask());
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain('environment "dev" is in region "cn-south-1"');
    process.env.HW_REGION_NAME = "cn-north-4";
    expect(await ask()).toBe("a");
  });

  test("that is a folder is an error that names it", async () => {
    const other = new TestProject({ dev: {} });
    mkdirSync(other.lockFile("dev"), { recursive: true });
    enter(other, { CI: "1" });
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "x", { imageType: "gold" }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toMatch(
      /^workspace-images\/dev\.lock\.json cannot be read: it is a folder, not a file/,
    );
  });

  test("with fields that are empty is as good as one without them", () => {
    project.write(LOCK, good);
    writePins(project, "dev", { windows: pinOf(image({ id: "a", kmsId: "" })) });
    expect(project.read(LOCK)).not.toContain("kmsId");
    const text = project.read(LOCK);
    for (const nothing of ['""', "null"]) {
      project.write(LOCK, text.replace('"id": "a",', `"id": "a", "kmsId": ${nothing},`));
      expect(project.read(LOCK)).toContain("kmsId");
      expect(readLockFile(project.directory, { name: "dev" })?.pins.get("windows")?.images).toEqual([
        image({ id: "a" }),
      ]);
    }
  });

  test("with Windows line ends is as good as ever", async () => {
    enter(project, { CI: "1" });
    project.write(LOCK, good.replaceAll("\n", "\r\n"));
    const { stack } = await openApp();
    expect(new DataHuaweicloudWorkspaceImage(stack, "windows", { imageType: "gold" }).id).toBe("windows");
  });

  test("in whatever way gives the pins that were written, or a LockFileError", async () => {
    const pristine = readPins(good);
    const byte = fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code));
    await fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.nat(40),
        fc.string({ unit: byte, maxLength: 8 }),
        (at, removed, put) => {
          const pins = readPins(good.slice(0, at) + put + good.slice(at + removed));
          // What integrity does not cover is no pin's content: names, times, and whole pins that are gone.
          if (pins !== undefined) for (const images of pins) expect(pristine).toContain(images);
        },
      ),
      { numRuns: 3000 },
    );
  });

  function readPins(text: string): string[] | undefined {
    project.write(LOCK, text);
    try {
      const { pins } = readLockFile(project.directory, { name: "dev" })!;
      return [...pins.values()].map(({ filter, images }) => JSON.stringify([filter, images]));
    } catch (error) {
      expect(error).toBeInstanceOf(LockFileError);
      return undefined;
    }
  }
});
