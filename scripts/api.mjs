// Writes docs/api.md from the docstrings of what the package exports. With --check it changes nothing, and fails
// where the document is not current. Run it on a fresh build.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = resolve(import.meta.dirname, "..");
const document = join(root, "docs/api.md");
const scratch = mkdtempSync(join(tmpdir(), "workspace-images-api-"));
const { name: packageName } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const GROUPS = [
  ["Classes", ({ kind, isError }) => kind === "Class" && !isError],
  ["Functions and values", ({ kind }) => kind === "Function" || kind === "Variable"],
  ["Interfaces", ({ kind }) => kind === "Interface"],
  ["Types", ({ kind }) => kind === "TypeAlias"],
];

const problems = [];
/** Names that an entry exports: what another one mentions is found there. */
const exported = new Set();
try {
  const text = `# API reference

Written by \`npm run api\` from the docstrings. [README.md](../README.md) says how it is used.

${moduleText(packageName, "lib/index.d.ts")}
${moduleText(`${packageName}/emulator`, "lib/emulator/index.d.ts")}`;
  if (process.argv.includes("--check")) {
    if (readFileSync(document, "utf8") !== text) problems.push("docs/api.md is not current: run npm run api");
  } else {
    writeFileSync(document, text);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** Everything that one entry of the package exports. */
function moduleText(module, entry) {
  const members = membersOf(entry).map((member) => ({ ...member, isError: /Error$/.test(member.name) }));
  const sections = GROUPS.map(([title, belongs]) => [title, members.filter(belongs)])
    .filter(([, group]) => group.length > 0)
    .map(([title, group]) => `### ${title}\n\n${group.map(memberText).join("\n")}`);
  const errors = members.filter(({ isError }) => isError);
  if (errors.length > 0) sections.push(`### Errors\n\n${errorTable(errors)}`);
  return `## \`${module}\`\n\n${sections.join("\n")}`;
}

/** What api-extractor reads of an entry; types that it mentions and no entry exports are problems. */
function membersOf(entry) {
  const apiJsonFilePath = join(scratch, "api.json");
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, entry),
      compiler: {
        overrideTsconfig: {
          compilerOptions: { module: "nodenext", target: "es2022", strict: true, types: ["node"] },
          files: [entry],
        },
      },
      apiReport: { enabled: false, reportFileName: "unused.api.md" },
      docModel: { enabled: true, apiJsonFilePath },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      const [, forgotten] = message.messageId === "ae-forgotten-export" ? /"(\w+)"/.exec(message.text) : [];
      if (message.logLevel === "error" || (forgotten && !exported.has(forgotten))) {
        problems.push(`${entry}: ${message.text}`);
      }
    },
  });
  const [{ members }] = JSON.parse(readFileSync(apiJsonFilePath, "utf8")).members;
  for (const { name } of members) exported.add(name);
  return members;
}

function memberText({ name, members = [], docComment, ...declared }) {
  const lines = [`#### ${name}`, "", docText(docComment), "```ts", signature(declared), "```", ""];
  for (const member of members) {
    const doc = docText(member.docComment, "  ");
    lines.push(`- \`${signature(member)}\``, ...(doc.trim() ? ["", doc] : [""]));
  }
  return lines.join("\n");
}

function errorTable(errors) {
  const rows = errors.map(({ name, docComment, members }) => {
    const value = constantOf(members.find((member) => member.name === "code"));
    return `| \`${name}\` | ${value ? `\`${value}\`` : "see below"} | ${docText(docComment)
      .trim()
      .replace(/\s*\n\s*/g, " ")} |`;
  });
  const fields = errors.flatMap(({ name, members }) =>
    members
      .filter((member) => member.kind === "Property" && (member.name !== "code" || !constantOf(member)))
      .map((member) => `- \`${name}\`: \`${signature(member)}\`\n\n${docText(member.docComment, "  ")}`),
  );
  return `All extend \`WorkspaceImagesError\`; \`code\` is stable, for programs.\n\n| class | \`code\` | thrown where |\n|---|---|---|\n${rows.join("\n")}\n\nWhat they carry beside message and \`cause\`:\n\n${fields.join("\n")}`;
}

/** The one text that a property always has, if there is one. */
function constantOf(property) {
  return /"(\w+)"/.exec(property ? signature(property) : "")?.[1];
}

function signature({ excerptTokens }) {
  return excerptTokens
    .map(({ text }) => text)
    .join("")
    .replace(/^export (declare )?/, "")
    .replace(/\s+/g, " ")
    .replace(/;$/, "")
    .trim();
}

/** A docstring as Markdown: its tags as a list. */
function docText(docComment = "", indent = "") {
  const text = docComment
    .replace(/^\/\*\*|\*\/\s*$/g, "")
    .replace(/^[ \t]*\* ?/gm, "")
    .replace(/\{@link ([^}|]+?)(?:\s*\|[^}]*)?\}/g, "`$1`")
    .replace(/^Constructs a new instance of the .*$/m, "");
  const [summary, ...tags] = text.split(/^@(?=\w)/m);
  const list = tags.map((tag) => {
    const [, kind, rest] = /^(\w+)\s*(?:-\s+)?([\s\S]*)$/.exec(tag);
    const body = rest.trim().replace(/\s+/g, " ");
    if (kind === "param") return `- ${body.replace(/^(\S+) (- )?/, "`$1`: ")}`;
    return `- *${kind}* ${body}`;
  });
  const parts = [summary.trim(), list.join("\n")].filter(Boolean);
  return parts.map((part) => `${part.replace(/^/gm, indent)}\n`).join("\n");
}
