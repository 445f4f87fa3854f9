import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import { numbered } from "../test/support/images";
import { run } from "../test/support/project";
import { type Measurement, ROOT } from "./harness";
import { regionsOf } from "./listings";

const ENVIRONMENTS = 200;
const COUNT = 2000;

/** A relay that counts how many connections are open at once. */
async function relayTo(port: number) {
  let [open, most] = [0, 0];
  const relay = createServer((socket) => {
    most = Math.max(most, ++open);
    const upstream = connect(port, "127.0.0.1");
    socket.on("close", () => {
      open--;
      upstream.destroy();
    });
    upstream.on("close", () => socket.destroy());
    for (const end of [socket, upstream]) end.on("error", () => {});
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  return { url, most: () => most, close: () => relay.close() };
}

/** 200 environments of 2,000 images each, listed by a process that may open 256 files. */
export async function measure(): Promise<Measurement[]> {
  const regions = regionsOf(ENVIRONMENTS);
  const images = numbered(COUNT);
  const emulator = await WorkspaceEmulator.start({
    images: Object.fromEntries(regions.map((region) => [region, images])),
  });
  const relay = await relayTo(Number(new URL(emulator.url).port));
  const variables = {
    ...emulator.variables,
    WORKSPACE_IMAGES_ENDPOINT: relay.url,
    HW_AUTH_URL: `${relay.url}/v3`,
  };
  const code = `
    const { listAll, regionsOf } = require("./bench/listings.ts");
    listAll(regionsOf(${ENVIRONMENTS}), ${COUNT}).then((result) => console.log(JSON.stringify(result)));`;
  const listing = `ulimit -n 256 && exec "$0" --require tsx/cjs -e '${code}'`;
  try {
    const {
      code: status,
      stdout,
      stderr,
    } = await run("sh", ["-c", listing, process.execPath], {
      cwd: ROOT,
      variables,
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(stderr);
    const { complete, problem } = JSON.parse(stdout);
    return [
      {
        what: "200 environments × 2,000 images with 256 file descriptors, complete",
        measured: `${complete} of ${ENVIRONMENTS}${problem ? `: ${problem}` : ""}`,
        budget: String(ENVIRONMENTS),
        ok: complete === ENVIRONMENTS,
      },
      {
        what: "its connections at once",
        measured: String(relay.most()),
        budget: "64",
        ok: relay.most() <= 64,
      },
    ];
  } finally {
    relay.close();
    await emulator.close();
  }
}
