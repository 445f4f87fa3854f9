import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { schemas, written } from "../scripts/schemas";
import { WorkspaceImagesError } from "../src";
import { readAllowances } from "../src/desktops/allowances";
import { readFileLookups } from "../src/pins/file-lookups";
import { readLockFile } from "../src/pins/lock-file";
import { readRevocations } from "../src/pins/revoked";
import { readEnvironments } from "../src/project/environments";
import { findProject } from "../src/project/project";
import { thrown } from "./support/errors";
import { image } from "./support/images";
import { pinOf, writePins } from "./support/pins";
import { ROOT, TestProject } from "./support/project";

const FOLDER = join(ROOT, "schemas");
const dev = { region: "cn-north-4" };

test("the schemas in schemas/ are those of the code: npm run schemas writes them", () => {
  const current = Object.entries(schemas()).map(([name, schema]) => [name, written(schema)]);
  const stored = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]);
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(current));
});

/** What is right or wrong in a file: judged by its schema, and by the code that reads it. */
interface Examples {
  readonly file: string;
  readonly schema: string;
  /** Reads the file of a project as commands do; throws where it is wrong. */
  readonly read: (directory: string) => unknown;
  readonly right: Readonly<Record<string, unknown>>;
  readonly wrong: Readonly<Record<string, unknown>>;
  /** What only the code finds wrong. */
  readonly wrongBeyondSchema: Readonly<Record<string, unknown>>;
}

const lookup = (filter: unknown) => ({ environments: { dev }, lookups: { office: filter } });

/** A lock file as the code writes it, with every field that a pin can have. */
function lockFile(change: (lock: LockFileContent) => unknown = () => {}): unknown {
  const project = new TestProject({});
  const since = "2026-11-24T08:00:00Z";
  writePins(project, "dev", {
    office: pinOf("w1", {
      filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows_11" },
      unmet: ["nameRegex"],
      hold: { reason: "printer driver", since },
      previous: [{ ids: ["w0"], names: ["Windows_10"], imageType: "gold", until: since }],
      override: { reason: "a flaw", since },
      adopted: true,
    }),
    ubuntu: pinOf([image({ id: "u1", kmsId: "key" }), { id: "u2" }]),
    none: pinOf([]),
  });
  const lock = project.readLock("dev");
  change(lock);
  return lock;
}
// biome-ignore lint/suspicious/noExplicitAny: examples are damaged in every way
type LockFileContent = any;

const files: Examples[] = [
  {
    file: "workspace-images/dev.lock.json",
    schema: "lock-file.schema.json",
    read: (directory) => readLockFile(directory, { name: "dev" }),
    right: {
      "every field that there is": lockFile((lock) => (lock.$schema = "../schema.json")),
      "no pins": lockFile((lock) => (lock.pins = {})),
    },
    wrong: {
      "another format": lockFile((lock) => lock.lockfileVersion++),
      "no environment": lockFile((lock) => delete lock.environment),
      "an empty region": lockFile((lock) => (lock.region = "")),
      "an unknown key": lockFile((lock) => (lock.comment = "x")),
      "a schema that is no text": lockFile((lock) => (lock.$schema = 1)),
      "a list of pins": lockFile((lock) => (lock.pins = Object.values(lock.pins))),
      "a pin without a name": lockFile((lock) => (lock.pins[""] = lock.pins.office)),
      "an unknown key of a pin": lockFile((lock) => (lock.pins.office.comment = "x")),
      "an unknown criterion": lockFile((lock) => (lock.pins.office.filter.size = 1)),
      "an image without an ID": lockFile((lock) => delete lock.pins.office.images[0].id),
      "two images of a pin of one": lockFile((lock) => lock.pins.office.images.push({ id: "w2" })),
      "no image of a pin of one": lockFile((lock) => (lock.pins.office.images = [])),
      "the most recent of all": lockFile((lock) => (lock.pins.ubuntu.filter.mostRecent = true)),
      "a hold without a reason": lockFile((lock) => delete lock.pins.office.hold.reason),
      "eleven earlier states": lockFile((lock) => {
        lock.pins.office.previous = Array(11).fill(lock.pins.office.previous[0]);
      }),
      "a pin without integrity": lockFile((lock) => delete lock.pins.office.integrity),
    },
    wrongBeyondSchema: {
      "another image": lockFile((lock) => (lock.pins.office.images[0].id = "w2")),
      "a time that is none": lockFile((lock) => (lock.pins.office.pinnedAt = "yesterday")),
    },
  },
  {
    file: "workspace-images.json",
    schema: "workspace-images.schema.json",
    read: (directory) => {
      const project = findProject(directory);
      return [readEnvironments(project), readFileLookups(project)];
    },
    right: {
      "one environment": { environments: { dev } },
      "a schema": { $schema: "./schema.json", environments: { dev: {} } },
      "every key of an environment": {
        environments: {
          dev,
          "prod-1.eu_west": {
            region: "eu-west-101",
            projectId: "0123456789abcdef",
            projectName: "eu-west-101_desktops",
            cloud: "myhuaweicloud.eu",
            profile: "prod",
            endpoints: { workspace: "https://workspace.example.com", iam: "https://iam.example.com" },
            promotion: { from: "dev", minAgeDays: 7 },
            maxPinAgeDays: 90,
          },
        },
      },
      "a lookup of one image": lookup({ imageType: "gold", nameRegex: "^Windows_11", mostRecent: true }),
      "a lookup of all images": lookup({
        all: true,
        osType: "Linux",
        sortField: "created_at",
        sortType: "desc",
      }),
      "a lookup that says that it is of one image": lookup({ imageId: "a", all: false }),
      "every criterion": lookup({
        imageType: "private",
        osType: "Linux",
        platform: "Ubuntu",
        architecture: "arm",
        packageType: "general",
        imageId: "a",
        name: "a",
        nameRegex: "a",
        osVersion: "a",
        osVersionRegex: "a",
        diskFormat: "qcow2",
        productCode: "a",
        minDiskAtMost: 80,
        minRamAtMost: 0,
        createdAfter: "2025-01-31",
        createdBefore: "2025-01-31T08:00:00Z",
        mostRecent: false,
        allowAnyImageType: true,
      }),
      "an image type that this version does not know": lookup({ imageType: "shared" }),
    },
    wrong: {
      "no environments": {},
      "a list of environments": { environments: [dev] },
      "an unknown key": { environments: { dev }, pins: {} },
      "an unknown key of an environment": { environments: { dev: { regoin: "cn-north-4" } } },
      "a name with a slash": { environments: { "a/b": dev } },
      "a region that is none": { environments: { dev: { region: "CN North" } } },
      "an age as a text": { environments: { dev: { maxPinAgeDays: "90" } } },
      "a negative age": { environments: { dev: { maxPinAgeDays: -1 } } },
      "a promotion from nowhere": { environments: { dev: { promotion: {} } } },
      "a promotion with an unknown key": {
        environments: { dev, prod: { promotion: { from: "dev", days: 1 } } },
      },
      "a list of lookups": { environments: { dev }, lookups: [] },
      "a lookup without a name": { environments: { dev }, lookups: { "": {} } },
      "a text as a lookup": lookup("gold"),
      "an unknown criterion": lookup({ imagetype: "gold" }),
      "an empty criterion": lookup({ imageType: "" }),
      "a number as a text": lookup({ minDiskAtMost: "80" }),
      "half a GB": lookup({ minDiskAtMost: 0.5 }),
      "an order that there is not": lookup({ sortField: "size" }),
      "the most recent of all": lookup({ all: true, mostRecent: true }),
      "all as a text": lookup({ all: "yes" }),
    },
    wrongBeyondSchema: {
      "a promotion from an unknown environment": { environments: { dev: { promotion: { from: "test" } } } },
      "promotions in a circle": {
        environments: { a: { promotion: { from: "b" } }, b: { promotion: { from: "a" } } },
      },
      "the most recent of anyone's images": lookup({ osType: "Windows", mostRecent: true }),
      "a bad regular expression": lookup({ nameRegex: "(" }),
      "a date that is none": lookup({ createdAfter: "31.01.2025" }),
    },
  },
  {
    file: "workspace-images/revoked.json",
    schema: "revoked.schema.json",
    read: readRevocations,
    right: {
      nothing: { revoked: [] },
      "an image of a region, and a name": {
        $schema: "./schema.json",
        revoked: [
          { id: "a", region: "cn-north-4", reason: "CVE-2026-1" },
          { name: "Windows_11_A", reason: "withdrawn" },
        ],
      },
    },
    wrong: {
      "a list alone": [{ name: "a", reason: "b" }],
      "an unknown key": { revoked: [], allowed: [] },
      "an ID without a region": { revoked: [{ id: "a", reason: "b" }] },
      "a name without a reason": { revoked: [{ name: "a" }] },
      "an ID and a name": { revoked: [{ id: "a", region: "cn-north-4", name: "a", reason: "b" }] },
      "an empty name": { revoked: [{ name: "", reason: "b" }] },
    },
    wrongBeyondSchema: {},
  },
  {
    file: "workspace-images/allow.json",
    schema: "allow.schema.json",
    read: readAllowances,
    right: {
      nothing: { allow: [] },
      "an address and a pattern": {
        $schema: "./schema.json",
        allow: [
          {
            address: 'module.lab["a"].huaweicloud_workspace_desktop.d',
            reason: "rebuilt",
            until: "2026-12-31",
          },
          { address: "module.lab.*", reason: "rebuilt", until: "2026-02-28" },
        ],
      },
    },
    wrong: {
      "a list alone": [],
      "an unknown key": { allow: [{ address: "a", reason: "b", until: "2026-12-31", environment: "dev" }] },
      "no reason": { allow: [{ address: "a", until: "2026-12-31" }] },
      "no end": { allow: [{ address: "a", reason: "b" }] },
      "an empty address": { allow: [{ address: "", reason: "b", until: "2026-12-31" }] },
      "a day that is none": { allow: [{ address: "a", reason: "b", until: "2026-13-01" }] },
      "a time": { allow: [{ address: "a", reason: "b", until: "2026-12-31T00:00:00Z" }] },
    },
    wrongBeyondSchema: {},
  },
];

describe.each(files)("$file", ({ file, schema, read, right, wrong, wrongBeyondSchema }) => {
  const isRight = new Ajv({
    formats: { date: /^\d{4}-\d\d-\d\d$/ },
    strict: true,
    strictRequired: false,
    allErrors: true,
  }).compile(JSON.parse(readFileSync(join(FOLDER, schema), "utf8")));
  const readContent = (content: unknown) => {
    const project = new TestProject({});
    rmSync(project.path("cdktf.json"));
    project.write(file, JSON.stringify(content));
    return read(project.directory);
  };

  test.each(Object.entries(right))("with %s is right, for its schema and for the code", (_, content) => {
    isRight(content);
    expect(isRight.errors ?? []).toEqual([]);
    expect(() => readContent(content)).not.toThrow();
  });

  test.each(Object.entries(wrong))("with %s is wrong, for its schema and for the code", (_, content) => {
    expect(isRight(content)).toBe(false);
    expect(thrown(() => readContent(content))).toBeInstanceOf(WorkspaceImagesError);
  });

  const beyond = Object.entries(wrongBeyondSchema);
  if (beyond.length > 0)
    test.each(beyond)(
      "with %s is wrong for the code, which knows more than a schema can say",
      (_, content) => {
        expect(isRight(content)).toBe(true);
        expect(thrown(() => readContent(content))).toBeInstanceOf(WorkspaceImagesError);
      },
    );

  test("has a schema in which editors find a description of every key", () => {
    const keys = (node: { [key: string]: unknown }): [string, { description?: string }][] =>
      Object.entries(node).flatMap(([key, value]) =>
        typeof value !== "object" || value === null
          ? []
          : key === "properties"
            ? [
                ...Object.entries(value as Record<string, { description?: string }>),
                ...keys(value as Record<string, unknown>),
              ]
            : keys(value as Record<string, unknown>),
      );
    const found = keys(JSON.parse(readFileSync(join(FOLDER, schema), "utf8")));
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter(([, { description }]) => !description)).toEqual([]);
  });
});
