import { Command, InvalidArgumentError } from "commander";
import type { SingleImageFilter } from "../images/image-filter";

/** Adds the filters of a lookup of all as options, named as in the lookup. */
export function withFilterOptions(command: Command): Command {
  return command
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
    .option("--sort-type <type>", "asc or desc");
}

/** Adds what a lookup of one image asks, too. */
export function withQuestionOptions(command: Command): Command {
  return withFilterOptions(command)
    .option("--most-recent", "where several images match, take the newest")
    .option("--allow-any-image-type", "let --most-recent follow a name without --image-type");
}

const FILTERS = new Set(withQuestionOptions(new Command()).options.map((option) => option.attributeName()));

/** The filters among the options of a command. */
export function filterOf(options: object): SingleImageFilter {
  return Object.fromEntries(Object.entries(options).filter(([name]) => FILTERS.has(name)));
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}
