import { rmSync } from "node:fs";

/** Removes all that was installed, some gigabytes. */
export default function tearDown(): void {
  rmSync(process.env.CONSUMERS_FOLDER!, { recursive: true, force: true });
}
