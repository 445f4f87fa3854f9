import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Tests say themselves what an environment holds: nothing of the person or machine that runs them gets in,
// and nothing leaves loopback.
for (const name of Object.keys(process.env)) {
  if (/^(HW_|WORKSPACE_IMAGES_|CDKTF_|CI$|NO_COLOR$|FORCE_COLOR$|https?_proxy$|no_proxy$)/i.test(name)) {
    delete process.env[name];
  }
}
const home = mkdtempSync(join(tmpdir(), "workspace-images-test-"));
process.env.HOME = home;
process.env.CHECKPOINT_DISABLE = "1";
process.env.WORKSPACE_IMAGES_METADATA_ENDPOINT = "http://127.0.0.1:9";
