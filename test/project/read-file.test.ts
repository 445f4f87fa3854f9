import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBounded } from "../../src/project/read-file";

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workspace-images-read-"));
});

test("a file is read whole, whatever its size says, up to the limit and including it", () => {
  const text = `${"ä".repeat(100_000)}\n`;
  writeFileSync(at("file"), text);
  const bytes = Buffer.byteLength(text);
  expect(readBounded(at("file"), bytes)).toBe(text);
  expect(() => readBounded(at("file"), bytes - 1)).toThrow("it is larger than 200000 bytes");
  writeFileSync(at("empty"), "");
  expect(readBounded(at("empty"), 0)).toBe("");
});

test("a link is followed to its file", () => {
  writeFileSync(at("file"), "text");
  symlinkSync("file", at("link"));
  expect(readBounded(at("link"), 10)).toBe("text");
});

test("where there is no file, nothing is read", () => {
  expect(readBounded(at("nothing"), 10)).toBeUndefined();
  expect(readBounded(at("no-folder/nothing"), 10)).toBeUndefined();
});

test.each<[string, (path: string) => void, RegExp]>([
  ["a folder", (path) => mkdirSync(path), /^it is a folder, not a file$/],
  ["a pipe that nobody writes to", (path) => execFileSync("mkfifo", [path]), /^it is a pipe, not a file$/],
  ["a device", (path) => symlinkSync("/dev/zero", path), /^it is a device, not a file$/],
  ["a link that leads nowhere", (path) => symlinkSync("nowhere", path), /^it is a link that leads nowhere$/],
  ["a link to itself", (path) => symlinkSync(path, path), /^ELOOP: /],
  [
    "a file of 1 TB",
    (path) => {
      writeFileSync(path, "");
      truncateSync(path, 2 ** 40);
    },
    /^it is larger than 2 MB$/,
  ],
])("%s is refused at once", (_, make, message) => {
  make(at("other"));
  const started = Date.now();
  expect(() => readBounded(at("other"), 2 * 1024 * 1024)).toThrow(message);
  expect(Date.now() - started).toBeLessThan(1000);
});

test("a socket is refused", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
  expect(() => readBounded(at("socket"), 10)).toThrow("it is a socket, not a file");
  await new Promise((resolve) => server.close(resolve));
});

test("a file that says 0 and holds more, as those of /proc, is bounded too", () => {
  expect(readBounded("/proc/self/status", 1024 * 1024)).toContain("Pid:");
  expect(() => readBounded("/proc/self/status", 100)).toThrow("it is larger than 100 bytes");
});
