import { Command } from "commander";
import { explainLeftOut } from "../images/explanation";
import { type ImageFilter, parseFilter } from "../images/image-filter";
import { imagesLeftOut, selectImages } from "../images/image-selection";
import { listingQueryOf } from "../images/listing";
import type { WorkspaceImage } from "../images/workspace-image";
import { readRevocations } from "../pins/revoked";
import { printable } from "../text/printable";
import { answerEach, report, sections } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { withFilterOptions } from "./filter-options";
import { count, displayWidth, table, WIDTH, wrap } from "./layout";
import { withListings } from "./listings";
import { colors, printWarning } from "./output";

/** `workspace-images list`: what can be selected. */
export function listCommand(): Command {
  return withFilterOptions(withCommonOptions(new Command("list")))
    .summary("list the images that can be selected")
    .description(
      "Lists the images that can be selected, with the filters of a lookup as options, and says which are revoked.",
    )
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
        answerEach({ env }, async ({ project, environment, lockFile }) => {
          const revocations = readRevocations(project.directory);
          const { place, listing } = await source.environment(environment, lockFile);
          const listings = [await listing(query)];
          const leftOut = explainLeftOut(imagesLeftOut(listings, filter));
          if (leftOut) printWarning(`${environment.name}:${leftOut}`);
          return selectImages(listings, filter, "all", environment.name).map((image): ShownImage => {
            const revoked = revocations.reason(image, place.region);
            return revoked === undefined ? image : { ...image, revoked };
          });
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

/** An image, and why it is revoked where it is. */
type ShownImage = WorkspaceImage & { readonly revoked?: string };

/** Columns behind the name, with the space that separates them. */
const COLUMNS = { ID: 38, TYPE: 9, OS: 9, ARCH: 6, "DISK GB": 9, CREATED: 12, "OS VERSION": 0 };
const WIDTHS = Object.values(COLUMNS);

/**
 * One line an image where the terminal is wide enough, else two: its name, and what is short. One more says why an image
 * is revoked.
 */
function imageTable(images: readonly ShownImage[]): string {
  const rows = images.map((image) => ({
    name: printable(image.name ?? "unnamed"),
    cells: [
      image.id,
      image.imageType,
      image.osType,
      image.architecture,
      image.minDisk?.toString(),
      image.createdAt?.slice(0, 10),
      image.osVersion,
    ].map((cell) => printable(cell ?? "-")),
    notes: image.revoked === undefined ? [] : [[colors.red(wrap(`revoked: ${image.revoked}`, "    "))]],
  }));
  const longest = (texts: readonly string[]) =>
    texts.reduce((width, text) => Math.max(width, displayWidth(text)), 0);
  const names = 2 + longest(["NAME", ...rows.map(({ name }) => name)]);
  const versions = longest(rows.map(({ cells }) => cells.at(-1)!));
  const head = Object.keys(COLUMNS);
  if (2 + names + WIDTHS.reduce((sum, width) => sum + width, versions) <= WIDTH) {
    const lines = rows.flatMap(({ name, cells, notes }) => [["", colors.bold(name), ...cells], ...notes]);
    return table([2, names, ...WIDTHS], [["", "NAME", ...head], ...lines]);
  }
  const lines = rows.flatMap(({ name, cells, notes }) => [
    ["", colors.bold(name)],
    ["", "", ...cells.slice(0, -1)],
    ...notes,
  ]);
  return table([2, 2, 37, 8, 8, 5, 8, 11], [["", "", ...head.slice(0, -1)], ...lines]);
}
