import { Command, InvalidArgumentError } from "commander";
import { type ImageFilter, parseFilter } from "../images/image-filter";
import { listingQueryOf, selectImages } from "../images/image-selection";
import type { WorkspaceImage } from "../images/workspace-image";
import { printable } from "../text/printable";
import { answerEach, report, sections } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { count, table } from "./layout";
import { withListings } from "./listings";
import { colors } from "./output";

/** `workspace-images list`: what can be selected. */
export function listCommand(): Command {
  return withCommonOptions(new Command("list"))
    .summary("list the images that can be selected")
    .description("Lists the images that can be selected, with the filters of a lookup as options.")
    .option("--image-type <type>", "gold (public) or private")
    .option("--os-type <type>", "Windows, Linux or Other")
    .option("--platform <platform>", "system type, such as Windows")
    .option("--architecture <architecture>", "x86 or arm")
    .option("--package-type <type>", "package series")
    .option("--image-id <id>", "image ID")
    .option("--name <name>", "exact name")
    .option("--name-regex <regex>", "regular expression for the name")
    .option("--os-version <version>", "exact operating system version")
    .option("--os-version-regex <regex>", "regular expression for the operating system version")
    .option("--disk-format <format>", "vhd, raw, qcow2 or zvhd2")
    .option("--product-code <code>", "product code")
    .option("--min-disk-at-most <GB>", "the least system disk is at most this, in GB", wholeNumber)
    .option("--min-ram-at-most <MB>", "the least memory is at most this, in MB", wholeNumber)
    .option("--created-after <time>", "created after this time, UTC, such as 2025-01-31")
    .option("--created-before <time>", "created before this time, UTC")
    .option("--sort-field <field>", "name or created_at")
    .option("--sort-type <type>", "asc or desc")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images list --env dev --image-type gold --name-regex '^Windows_11'
  workspace-images list --sort-field created_at --sort-type desc --json`,
    )
    .action(async ({ env, json, ...filters }: CommonOptions & ImageFilter) => {
      const filter = parseFilter(filters, "all", "list");
      const query = listingQueryOf(filter);
      const isFiltered = Object.keys(filter).length > 0;
      const answers = await withListings((source) =>
        answerEach({ env }, async ({ environment, lockFile }) => {
          const { listing } = await source.environment(environment, lockFile);
          return selectImages([await listing(query)], filter, "all", environment.name);
        }),
      );
      report(answers, {
        asJson: json,
        json: (images) => images,
        text: sections((images, environment) =>
          images.length === 0
            ? `${environment}: ${isFiltered ? "no image matches; values are as the service spells them, such as gold or Windows" : "no images"}`
            : `${environment}: ${count(images.length, "image")}\n${imageTable(images)}`,
        ),
      });
    });
}

/** Two lines an image: its name, and what is short. */
function imageTable(images: readonly WorkspaceImage[]): string {
  const rows = images.flatMap(({ id, name, imageType, osType, architecture, minDisk, createdAt }) => [
    ["", colors.bold(printable(name ?? "unnamed"))],
    [
      "",
      "",
      ...[id, imageType, osType, architecture, minDisk?.toString(), createdAt?.slice(0, 10)].map((cell) =>
        printable(cell ?? "-"),
      ),
    ],
  ]);
  return table(
    [2, 2, 37, 8, 8, 5, 8, 11],
    [["", "", "ID", "TYPE", "OS", "ARCH", "DISK GB", "CREATED"], ...rows],
  );
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}
