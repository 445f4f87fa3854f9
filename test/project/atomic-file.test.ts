import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs, {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Construct } from "constructs";
import { DataHuaweicloudWorkspaceImage, LockFileError } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { readLockFile, updateLockFile } from "../../src/pins/lock-file";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { PLACE, pinOf, writePins } from "../support/pins";
import { ROOT, TestProject } from "../support/project";
import { enter, openApp, restoreProcess, synthesize } from "../support/synth";

restoreProcess();
// Processes that a busy machine starts take their time.
jest.setTimeout(300_000);

const REGION = "cn-north-4";
const DEV = { name: "dev" };

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeAll(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { [REGION]: [image({ id: "a" }), image({ id: "b" })] },
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  project = new TestProject({ dev: { region: REGION } });
  enter(project, emulator.variables);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const lookup = (scope: Construct, id: string, imageId = "a") =>
  new DataHuaweicloudWorkspaceImage(scope, id, { imageId });
const pinsOf = () => project.pinNames("dev");

describe("what cannot be written", () => {
  const build = (stack: Construct) => lookup(stack, "x");

  test("a folder that is read-only is a clear error, and no stack trace of the file system", async () => {
    const folder = project.path("workspace-images");
    // Permissions do not bind the superuser; the kernel's own file system does.
    if (process.getuid?.() === 0) symlinkSync("/sys", folder);
    else {
      mkdirSync(folder);
      chmodSync(folder, 0o555);
    }
    const error = await synthesize(build).catch((error) => error);
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toMatch(
      /^workspace-images\/dev\.lock\.json cannot be written: E(ACCES|PERM|ROFS): .*It was left as it was; mend that and run the same command again\.$/,
    );
    expect(error.cause.code).toMatch(/^E(ACCES|PERM|ROFS)$/);
  });

  test.each([
    ["with", ".dev.lock.json"],
    ["without", "workspace-images"],
  ])("a file system that is read-only is named as the reason, %s a folder of lock files", (has, part) => {
    if (has === "with") mkdirSync(project.path("workspace-images"));
    const { mkdirSync: original } = fs;
    jest.spyOn(fs, "mkdirSync").mockImplementation((path, options) => {
      if (!String(path).includes(part)) return original(path, options);
      const isRecursive = typeof options === "object" && options?.recursive;
      const code = isRecursive ? "ENOENT" : "EROFS";
      throw Object.assign(new Error(`${code}: as Node says it of a read-only file system`), { code });
    });
    const error = thrown(() => writePins(project, "dev", { x: pinOf("a") }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain("workspace-images/dev.lock.json cannot be written: EROFS");
  });

  test("a file larger than the user may write leaves the old one, and nothing beside it", () => {
    writePins(project, "dev", { x: pinOf("a") });
    const before = readFileSync(project.lockFile("dev"), "utf8");
    const { status, stderr } = spawnSync(
      "bash",
      [
        "-c",
        'ulimit -f 0; exec "$@"',
        "bash",
        process.execPath,
        join(ROOT, "lib/cli/index.js"),
        "hold",
        "x",
      ].concat(["--env", "dev", "--reason", "none"]),
      { cwd: project.directory, encoding: "utf8" },
    );
    expect(stderr).toContain("workspace-images/dev.lock.json cannot be written: EFBIG");
    expect(status).toBe(2);
    expect(readFileSync(project.lockFile("dev"), "utf8")).toBe(before);
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
  });

  test("a file in the folder's place is a clear error", async () => {
    const { app, stack } = await openApp();
    build(stack);
    project.write("workspace-images", "");
    const error = thrown(() => app.synth());
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toMatch(/cannot be written: E(EXIST|NOTDIR)/);
  });

  test("a disk that is full in the middle leaves the old file, and nothing beside it", async () => {
    await synthesize(build);
    const before = project.read("workspace-images/dev.lock.json");
    const { writeFileSync } = fs;
    jest.spyOn(fs, "writeFileSync").mockImplementation((file, data, options) => {
      if (typeof file !== "number") return writeFileSync(file, data, options);
      writeFileSync(file, String(data).slice(0, 100));
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    });
    const more = (stack: Construct) => [build(stack), lookup(stack, "y")];
    const error = await synthesize(more).catch((error) => error);
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain("cannot be written: ENOSPC: no space left on device");
    expect(project.read("workspace-images/dev.lock.json")).toBe(before);
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
    jest.restoreAllMocks();
    await synthesize(more);
    expect(pinsOf()).toEqual(["x", "y"]);
  });

  test("a folder that this user may write and not read is written all the same", () => {
    writePins(project, "dev", { x: pinOf("a") });
    const { readdirSync: original } = fs;
    const forbidden = jest.spyOn(fs, "readdirSync").mockImplementation(((path: string) => {
      if (path !== project.path("workspace-images")) return original(path);
      throw Object.assign(new Error("EACCES: permission denied, scandir"), { code: "EACCES" });
    }) as typeof fs.readdirSync);
    writePins(project, "dev", { y: pinOf("a") });
    expect(forbidden).toHaveBeenCalledWith(project.path("workspace-images"));
    forbidden.mockRestore();
    expect(pinsOf()).toEqual(["x", "y"]);
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
  });

  test("a file that could not be read again stays as it was", () => {
    writePins(project, "dev", { x: pinOf("a") });
    const before = readFileSync(project.lockFile("dev"), "utf8");
    // What counts is the size of the file: two bytes for each of these characters.
    const images = Array.from({ length: 68_000 }, (_, index) =>
      image({ id: `${index}`, name: "é".repeat(1000) }),
    );
    const error = thrown(() => writePins(project, "dev", { y: pinOf(images, { filter: {} }) }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain("workspace-images/dev.lock.json would be larger than 128 MB");
    expect(readFileSync(project.lockFile("dev"), "utf8")).toBe(before);
  });

  test("a file that this user may not read is not said to be damaged", () => {
    writePins(project, "dev", { x: pinOf("a") });
    const { openSync } = fs;
    jest.spyOn(fs, "openSync").mockImplementation((path, ...options) => {
      if (path !== project.lockFile("dev")) return openSync(path, ...options);
      throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    });
    const error = thrown(() => writePins(project, "dev", { y: pinOf("a") }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain("EACCES: permission denied. It must be a file that this user may read");
    expect(error.message).toContain("change its permissions");
    expect(error.message).not.toMatch(/checkout|delete/);
  });

  test("a lock file that was damaged meanwhile stays, for its owner to see", async () => {
    const { app, stack } = await openApp();
    build(stack);
    project.write("workspace-images/dev.lock.json", "<<<<<<< HEAD\n");
    expect(thrown(() => app.synth()).message).toContain("merge-conflict markers");
    expect(project.read("workspace-images/dev.lock.json")).toBe("<<<<<<< HEAD\n");
  });
});

describe("the file", () => {
  test("is neither made nor touched where no pin changes", () => {
    writePins(project, "dev", {});
    expect(existsSync(project.lockFile("dev"))).toBe(false);
    writePins(project, "dev", { x: pinOf("a") });
    const { ino, mtimeMs } = statSync(project.lockFile("dev"));
    writePins(project, "dev", { x: pinOf("a") });
    expect(statSync(project.lockFile("dev"))).toMatchObject({ ino, mtimeMs });
  });

  test("keeps its permissions, and a new one has those of the user's mask", () => {
    const mask = process.umask(0o027);
    try {
      writePins(project, "dev", { x: pinOf("a") });
      expect(statSync(project.lockFile("dev")).mode & 0o777).toBe(0o640);
      chmodSync(project.lockFile("dev"), 0o664);
      writePins(project, "dev", { y: pinOf("a") });
      expect(statSync(project.lockFile("dev")).mode & 0o777).toBe(0o664);
    } finally {
      process.umask(mask);
    }
  });

  test("keeps its owner where the user may give it back", () => {
    writePins(project, "dev", { x: pinOf("a") });
    // Only the superuser gives files away.
    if (process.getuid?.() === 0) chownSync(project.lockFile("dev"), 1234, 2345);
    const { uid, gid } = statSync(project.lockFile("dev"));
    writePins(project, "dev", { y: pinOf("a") });
    expect(statSync(project.lockFile("dev"))).toMatchObject({ uid, gid });
    expect(pinsOf()).toEqual(["x", "y"]);
  });

  test("changes where owner and permissions cannot be kept", () => {
    writePins(project, "dev", { x: pinOf("a") });
    chmodSync(project.lockFile("dev"), 0o620);
    const refuse = () => {
      throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
    };
    jest.spyOn(fs, "fchmodSync").mockImplementation(refuse);
    jest.spyOn(fs, "fchownSync").mockImplementation(refuse);
    writePins(project, "dev", { y: pinOf("a") });
    expect(pinsOf()).toEqual(["x", "y"]);
  });

  test("names the schema where the package is installed, from its first pin on and through everything", async () => {
    const schema = "node_modules/cdktf-huaweicloud-workspace-images/schemas/lock-file.schema.json";
    project.write(schema, "{}");
    writePins(project, "dev", { x: pinOf("a") });
    const first = project.read("workspace-images/dev.lock.json");
    expect(first).toContain(`{\n  "$schema": "../${schema}",\n  "lockfileVersion": 1,`);
    const below = project.path("projects/office");
    updateLockFile(below, DEV, PLACE, (pins) => void pins.set("x", pinOf("a")));
    const { $schema } = JSON.parse(readFileSync(join(below, "workspace-images/dev.lock.json"), "utf8"));
    expect($schema).toBe(`../../../${schema}`);

    rmSync(project.path("node_modules"), { recursive: true });
    writePins(project, "dev", { y: pinOf("a") });
    for (const args of [
      ["hold", "x", "--env", "dev", "--reason", "printers"],
      ["hold", "x", "--env", "dev", "--release"],
      ["rename", "--environment", "dev", "test"],
      ["rename", "--environment", "test", "dev"],
      ["prune", "y", "--env", "dev"],
    ])
      expect(await project.cli(args)).toMatchObject({ code: 0 });
    expect(project.read("workspace-images/dev.lock.json")).toBe(first);
  });

  test("may be a link to one that is kept elsewhere", () => {
    writePins(project, "dev", { x: pinOf("a") });
    const elsewhere = project.path("kept.json");
    renameSync(project.lockFile("dev"), elsewhere);
    symlinkSync(elsewhere, project.lockFile("dev"));
    writePins(project, "dev", { y: pinOf("a") });
    expect(readlinkSync(project.lockFile("dev"))).toBe(elsewhere);
    expect(pinsOf()).toEqual(["x", "y"]);
  });
});

describe("a mutex that was left behind", () => {
  const folder = () => project.path("workspace-images");
  const mutex = () => project.path("workspace-images/.dev.lock.json.mutex");
  const leave = (holder: string) => mkdirSync(join(mutex(), holder, ".git"), { recursive: true });
  /** What a process would see of itself that runs elsewhere. */
  const ELSEWHERE = "1.another-boot-1.00000000-0000-0000-0000-000000000000";
  const withoutSleeping = () => jest.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  /** Has this process killed once it did something `times` times while it writes pin `x`. */
  const writeAndDie = async (doing: string, times = 1) => {
    const { code } = await project.script(
      `const fs = require("node:fs");
       const original = fs.${doing};
       let calls = 0;
       fs.${doing} = (...args) => {
         const result = original(...args);
         if (++calls === ${times}) process.kill(process.pid, "SIGKILL");
         return result;
       };
       const { updateLockFile } = require("${ROOT}/lib/pins/lock-file.js");
       updateLockFile(".", { name: "dev" }, { region: "${REGION}", projectId: "project-dev" }, (pins) => {
         pins.set("x", ${JSON.stringify(pinOf("a"))});
       });`,
    );
    expect(code).toBe(-1);
  };

  test.each([
    ["mkdirSync", 2],
    ["mkdirSync", 3],
    ["renameSync", 1],
    ["openSync", 1],
    ["fsyncSync", 1],
    ["renameSync", 2],
    ["renameSync", 3],
  ])(
    "by a process killed after %s (%i) is replaced at once, and git adds none of it",
    async (doing, times) => {
      const git = (...args: string[]) =>
        execFileSync("git", args, { cwd: project.directory, encoding: "utf8" });
      git("init", "-q");
      await writeAndDie(doing, times);
      git("add", "-A");
      expect(git("ls-files", "workspace-images")).toBe(
        existsSync(project.lockFile("dev")) ? "workspace-images/dev.lock.json\n" : "",
      );
      const wait = jest.spyOn(Atomics, "wait");
      writePins(project, "dev", { y: pinOf("a") });
      expect(wait.mock.calls.length).toBeLessThan(5);
      expect(pinsOf()).toContain("y");
      expect(readdirSync(folder())).toEqual(["dev.lock.json"]);
    },
  );

  test("by one that runs elsewhere is replaced once it was seen for ten seconds, whatever its file's time", () => {
    for (const years of [-30, 0, 30]) {
      leave(ELSEWHERE);
      const time = Date.now() / 1000 + years * 365 * 86_400;
      utimesSync(mutex(), time, time);
      const wait = withoutSleeping();
      writePins(project, "dev", { [`x${years}`]: pinOf("a") });
      const slept = wait.mock.calls.reduce((sum, [, , , ms = 0]) => sum + ms, 0);
      expect(slept).toBeGreaterThan(9_900);
      expect(slept).toBeLessThan(10_100);
      jest.restoreAllMocks();
    }
    expect(pinsOf()).toEqual(["x-30", "x0", "x30"]);
  });

  test("by one that runs elsewhere is waited for as long as holders change", () => {
    leave(ELSEWHERE);
    let holder = ELSEWHERE;
    let changes = 0;
    const wait = withoutSleeping().mockImplementation(() => {
      // One lookup of the mutex in 900 sees another holder: each holds it for six seconds.
      if (wait.mock.calls.length % 900 === 0) {
        rmSync(mutex(), { recursive: true });
        if (++changes === 5) return "timed-out";
        holder = ELSEWHERE.replace(/0$/, String(changes));
        leave(holder);
      }
      expect(readdirSync(mutex())).toEqual([holder]);
      return "timed-out";
    });
    writePins(project, "dev", { x: pinOf("a") });
    expect(changes).toBe(5);
    expect(pinsOf()).toEqual(["x"]);
  });

  test("by one that may not be taken is an error after a minute that names it", () => {
    leave(ELSEWHERE);
    withoutSleeping();
    const { renameSync } = fs;
    jest.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (from === mutex()) throw Object.assign(new Error("EPERM"), { code: "EPERM" });
      renameSync(from, to);
    });
    const error = thrown(() => writePins(project, "dev", { x: pinOf("a") }));
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain(`${mutex()} is held by another process (${ELSEWHERE})`);
    expect(error.message).toContain("if none is running, delete it");
    expect(existsSync(project.lockFile("dev"))).toBe(false);
  });

  test.each([
    ["a file", () => writeFileSync(mutex(), "")],
    ["an empty folder", () => mkdirSync(mutex())],
    ["a link that leads nowhere", () => symlinkSync("nowhere", mutex())],
  ])("as %s, by whatever it was, is replaced after ten seconds", (_, leaveIt) => {
    mkdirSync(folder());
    leaveIt();
    withoutSleeping();
    writePins(project, "dev", { x: pinOf("a") });
    expect(readdirSync(folder())).toEqual(["dev.lock.json"]);
  });

  test("by one that only stood still: it writes on top of its successor's pins, and not before its turn", () => {
    const place = { region: REGION, projectId: "project-dev" };
    let runs = 0;
    updateLockFile(project.directory, DEV, place, (pins) => {
      pins.set("late", pinOf("a"));
      if (++runs > 1) return;
      // As another process does that waited for ten seconds: it takes the mutex, and writes.
      renameSync(mutex(), project.path("taken"));
      writePins(project, "dev", { successor: pinOf("b") });
    });
    expect(runs).toBe(2);
    expect(pinsOf()).toEqual(["late", "successor"]);
    expect(readdirSync(folder())).toEqual(["dev.lock.json"]);
  });

  test("by one that stands still again and again is an error, and its successors' pins stay", () => {
    let runs = 0;
    const error = thrown(() =>
      updateLockFile(project.directory, DEV, { region: REGION, projectId: "project-dev" }, (pins) => {
        pins.set("late", pinOf("a"));
        renameSync(mutex(), project.path(`taken${++runs}`));
        writePins(project, "dev", { [`successor${runs}`]: pinOf("b") });
      }),
    );
    expect(error).toBeInstanceOf(LockFileError);
    expect(error.message).toContain("another process took");
    expect(pinsOf()).toEqual([1, 2, 3, 4, 5].map((run) => `successor${run}`));
  });
});

describe("processes", () => {
  /** Starts a script against the built library in the project. */
  const start = (name: string, args: readonly string[] = []) =>
    spawn(process.execPath, [name, ...args], {
      cwd: project.directory,
      env: { ...process.env, NODE_PATH: join(ROOT, "node_modules") },
      stdio: ["pipe", "pipe", "inherit"],
    });
  const firstOutput = (child: ChildProcess) => once(child.stdout!, "data");

  test("ten that synthesize two apps each at once lose no pin", async () => {
    project.write(
      "app.cjs",
      `const { App, TerraformStack } = require("cdktf");
       const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require("${ROOT}");
       (async () => {
         const apps = [];
         for (const part of ["x", "y"]) {
           const app = new App({ outdir: "out" + part + process.argv[2] });
           await WorkspaceImageCatalog.prefetch(app);
           new DataHuaweicloudWorkspaceImage(new TerraformStack(app, "stack"), part + process.argv[2], { imageId: "a" });
           apps.push(app);
         }
         process.stdout.write("ready");
         process.stdin.once("data", () => { for (const app of apps) app.synth(); process.exit(); });
       })();`,
    );
    const numbers = Array.from({ length: 10 }, (_, index) => String(index + 10));
    const children = numbers.map((number) => start("app.cjs", [number]));
    await Promise.all(children.map(firstOutput));
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.stdin.write("go");
    for (const end of ends) expect(await end).toEqual([0, null]);
    expect(pinsOf()).toEqual(["x", "y"].flatMap((part) => numbers.map((number) => part + number)));
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
  });

  test("forty with clocks and process numbers of their own lose no pin, by two links to one file", async () => {
    mkdirSync(project.path("kept"));
    writePins(project, "dev", { first: pinOf("a") }, { region: "r", projectId: "p" });
    renameSync(project.lockFile("dev"), project.path("kept/dev.lock.json"));
    symlinkSync("../kept/dev.lock.json", project.lockFile("dev"));
    project.write("other/cdktf.json", "{}");
    symlinkSync("../kept", project.path("other/workspace-images"));
    // As in containers on machines with wrong clocks: no number of a process means anything to another one.
    project.write(
      "writer.cjs",
      `const number = Number(process.argv[2]);
       const fs = require("node:fs");
       const { readlinkSync } = fs;
       fs.readlinkSync = (path) => path === "/proc/self/ns/pid" ? "pid:[" + number + "]" : readlinkSync(path);
       process.kill = () => { throw Object.assign(new Error("ESRCH"), { code: "ESRCH" }); };
       const { now } = Date;
       Date.now = () => now() + (number - 20) * 3600_000;
       fs.symlinkSync = fs.linkSync = () => { throw Object.assign(new Error("EPERM"), { code: "EPERM" }); };
       const { updateLockFile } = require("${ROOT}/lib/pins/lock-file.js");
       process.stdout.write("ready");
       process.stdin.once("data", () => {
         for (let index = 0; index < 3; index++) {
           updateLockFile(number % 2 ? "." : "other", { name: "dev" }, { region: "r", projectId: "p" }, (pins) => {
             pins.set("x" + number + "." + index, ${JSON.stringify(pinOf("a"))});
           });
         }
         process.exit();
       });`,
    );
    const numbers = Array.from({ length: 40 }, (_, index) => index + 10);
    const children = numbers.map((number) => start("writer.cjs", [String(number)]));
    await Promise.all(children.map(firstOutput));
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.stdin.write("go");
    for (const end of ends) expect(await end).toEqual([0, null]);
    expect(pinsOf()).toEqual(
      ["first", ...numbers.flatMap((number) => [0, 1, 2].map((index) => `x${number}.${index}`))].sort(),
    );
    expect(readdirSync(project.path("kept"))).toEqual(["dev.lock.json"]);
    expect(readdirSync(project.path("workspace-images"))).toEqual(["dev.lock.json"]);
  });

  test("that are killed at any moment leave the old file or the new one, whole, and do not block others", async () => {
    const PINS = 40;
    // Every generation of the file has one image ID in all its pins.
    project.write(
      "writer.cjs",
      `const { updateLockFile } = require("${ROOT}/lib/pins/lock-file.js");
       const pin = ${JSON.stringify(pinOf("a"))};
       for (let generation = 0; ; generation++) {
         const id = process.argv[2] + "-" + generation;
         updateLockFile(".", { name: "dev" }, { region: "r", projectId: "p" }, (pins) => {
           for (let index = 0; index < ${PINS}; index++) pins.set("pin-" + index, { ...pin, images: [{ id }] });
         });
         if (generation === 0) require("node:fs").writeSync(1, "1");
       }`,
    );
    const check = () => {
      const { pins } = readLockFile(project.directory, DEV)!;
      expect(pins.size).toBe(PINS);
      expect(new Set([...pins.values()].map(({ images }) => images[0]?.id)).size).toBe(1);
    };
    const killOne = async (number: number) => {
      const child = start("writer.cjs", [String(number)]);
      const end = once(child, "exit");
      // It writes, although others, some at the same time, were killed before.
      expect(await Promise.race([firstOutput(child).then(() => "wrote"), end])).toBe("wrote");
      await sleep(Math.random() * 10);
      child.kill("SIGKILL");
      expect(await end).toEqual([null, "SIGKILL"]);
      check();
    };
    const killMany = async (from: number) => {
      for (let number = from; number < from + 12; number++) await killOne(number);
    };
    // What is left at each step of a write is tested above; here, three at a time kill each other's successors.
    await Promise.all([killMany(0), killMany(12), killMany(24)]);
    updateLockFile(project.directory, DEV, { region: "r", projectId: "p" }, (pins) => pins.clear());
    expect(readLockFile(project.directory, DEV)!.pins.size).toBe(0);
  });
});
