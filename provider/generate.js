// Turns schema.json into the bindings in lib/: TypeScript by the CDK's own generator, then JavaScript and types.
const { spawnSync } = require("node:child_process");
const { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

// Loading the generator would ask the CDK's version service otherwise.
process.env.CHECKPOINT_DISABLE = "1";
const { CodeMaker, TerraformProviderGenerator } = require("@cdktf/provider-generator");
const { ConstructsMakerProviderTarget, LANGUAGES, TerraformProviderConstraint } = require("@cdktf/commons");

const SOURCE = "huaweicloud/huaweicloud";
const { version } = require("./package.json");

async function main() {
  const scratch = mkdtempSync(join(__dirname, ".generate-"));
  try {
    const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8"));
    const code = new CodeMaker();
    schema.provider_versions = { [`registry.terraform.io/${SOURCE}`]: version };
    const constraint = new TerraformProviderConstraint({ name: "huaweicloud", source: SOURCE, version });
    new TerraformProviderGenerator(code, schema).generate(
      new ConstructsMakerProviderTarget(constraint, LANGUAGES[0]),
    );
    await code.save(scratch);
    const compiled = join(scratch, "compiled");
    writeFileSync(
      join(scratch, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "ES2022",
          module: "commonjs",
          moduleResolution: "bundler",
          declaration: true,
          strict: true,
          skipLibCheck: true,
          types: ["node"],
          rootDir: join(scratch, "providers/huaweicloud"),
          outDir: compiled,
        },
        include: [join(scratch, "providers")],
      }),
    );
    const tsc = require.resolve("typescript/package.json");
    const { bin } = require(tsc);
    const { status } = spawnSync(process.execPath, [join(tsc, "..", bin.tsc), "-p", scratch], {
      stdio: "inherit",
    });
    if (status !== 0) throw new Error("the generated bindings do not compile");
    rmSync(join(__dirname, "lib"), { recursive: true, force: true });
    renameSync(compiled, join(__dirname, "lib"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
