import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { refused, where } from "./credential-sources/support";

describe("credentials in a pipe", () => {
  const pipe = (name = "pipe") => {
    const path = join(String(where.HOME), name);
    execFileSync("mkfifo", [path]);
    return path;
  };

  test("that nobody writes to, or that never ends, are not waited for without end", async () => {
    const silent = pipe();
    const endless = pipe("endless");
    const writer = openSync(endless, "r+");
    writeSync(writer, "{");
    try {
      for (const message of await Promise.all([
        refused({ HW_SHARED_CONFIG_FILE: silent }),
        refused({ HW_SHARED_CONFIG_FILE: endless }),
      ])) {
        expect(message).toContain("did not end within 10 s");
      }
    } finally {
      closeSync(writer);
    }
  }, 60_000);

  test("that gives more than any token are not read to the end", async () => {
    const path = pipe();
    const writer = spawn("sh", ["-c", `exec cat /dev/zero > '${path}'`], { stdio: "ignore" });
    try {
      // The shell waits until someone reads.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await refused({ HW_ASSUME_ROLE_IDP_ID: "i", HW_ASSUME_ROLE_ID_TOKEN_FILE: path })).toContain(
        "is larger than 1 MB",
      );
    } finally {
      writer.kill();
    }
  }, 60_000);
});
