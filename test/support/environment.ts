import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestEnvironment } from "jest-environment-node";

const { TMPDIR } = process.env;

/** Gives each test file a folder for what it and the programs that it starts leave, and removes it at the end. */
export default class extends TestEnvironment {
  private readonly folder: string;

  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "images-")));
    // Of this process: `os.tmpdir` asks it, and the tests' own variables are a copy.
    process.env.TMPDIR = folder;
    super(...args);
    this.folder = folder;
  }

  override async teardown(): Promise<void> {
    await super.teardown();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
