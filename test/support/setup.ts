import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// Tests say themselves what an environment holds: nothing of the person or machine that runs them gets in,
// and nothing leaves loopback.
for (const name of Object.keys(process.env)) {
  if (/^(HW_|WORKSPACE_IMAGES_|CDKTF_|CI$|NO_COLOR$|FORCE_COLOR$|https?_proxy$|no_proxy$)/i.test(name)) {
    delete process.env[name];
  }
}
process.env.HOME = mkdtempSync(join(tmpdir(), "home-"));
process.env.CHECKPOINT_DISABLE = "1";
process.env.WORKSPACE_IMAGES_METADATA_ENDPOINT = "http://127.0.0.1:9";

// Helper threads run what is built, as those of users do: from sources, each of many hundreds would load a compiler.
jest.mock("../../src/threads/helper-thread", () => {
  const original = jest.requireActual<typeof import("../../src/threads/helper-thread")>(
    "../../src/threads/helper-thread",
  );
  const root = resolve(__dirname, "../..");
  const helperFile: typeof original.helperFile = (path, options) =>
    original.helperFile(path?.replace(join(root, "src"), join(root, "lib")), options);
  return { ...original, helperFile };
});
