import { randomUUID } from "node:crypto";
import { FIELD_NAMES, IMAGE_FIELDS, type WorkspaceImage } from "../images/workspace-image";
import { compare } from "../text/compare";
import type { EmulatedImage } from "./built-in-images";
import type { EmulatorOptions } from "./emulator-options";
import { type EmulatedAnswer, errorAnswer } from "./faults";

/** How the emulated service pages. */
type Paging = Required<Pick<EmulatorOptions, "maxOffset" | "maxLimit" | "totalCount">>;

const FILTERS: Readonly<Record<string, keyof EmulatedImage>> = {
  os_type: "osType",
  image_type: "imageType",
  platform: "platform",
  architecture: "architecture",
  package_type: "packageType",
  image_id: "id",
};
const SORT_FIELDS = new Map<string, keyof EmulatedImage>([
  ["name", "name"],
  ["created_at", "createdAt"],
]);

/** The images of every region, and the answers of ListImages. */
export class ImageService {
  private readonly regions: Map<string, EmulatedImage[]>;
  /** What was found for a page of a listing, for its other pages, until an image changes. */
  private readonly found = new Map<string, EmulatedImage[]>();

  constructor(
    images: Readonly<Record<string, readonly EmulatedImage[]>>,
    private readonly paging: Paging,
  ) {
    this.regions = new Map(Object.entries(images).map(([region, list]) => [region, [...list]]));
  }

  get names(): string[] {
    return [...this.regions.keys()];
  }

  images(region: string): EmulatedImage[] {
    const images = this.regions.get(region);
    if (!images)
      throw new RangeError(`The emulator has no region "${region}". Regions: ${this.names.join(", ")}.`);
    return images;
  }

  publish(region: string, image: Omit<EmulatedImage, "id"> & { readonly id?: string }): EmulatedImage {
    const published = {
      createdAt: `${new Date().toISOString().slice(0, 19)}Z`,
      ...image,
      id: image.id ?? randomUUID(),
    };
    this.remove(region, published.id);
    this.images(region).push(published);
    this.found.clear();
    return published;
  }

  remove(region: string, id: string): boolean {
    const images = this.images(region);
    const index = images.findIndex((image) => image.id === id);
    if (index < 0) return false;
    images.splice(index, 1);
    this.found.clear();
    return true;
  }

  /** What a project of a region sees. */
  list(region: string, project: string, query: URLSearchParams): EmulatedAnswer {
    const wrong = (name: string) =>
      errorAnswer(400, "service", `The parameter ${name} is malformed or unknown.`, "WKS.00010003");
    for (const name of query.keys()) {
      if (!Object.hasOwn(FILTERS, name) && !["limit", "offset", "sort_field", "sort_type"].includes(name))
        return wrong(name);
    }
    const limit = query.get("limit") ?? "100";
    const offset = query.get("offset") ?? "0";
    if (!/^\d{1,3}$/.test(limit) || Number(limit) > 100) return wrong("limit");
    if (!/^\d{1,9}$/.test(offset) || Number(offset) > this.paging.maxOffset) return wrong("offset");
    const sortField = SORT_FIELDS.get(query.get("sort_field") ?? "name");
    if (!sortField) return wrong("sort_field");
    const sortType = query.get("sort_type") ?? "asc";
    if (sortType !== "asc" && sortType !== "desc") return wrong("sort_type");

    const wanted = Object.entries(FILTERS).filter(([name]) => query.has(name));
    const key = JSON.stringify([
      region,
      project,
      sortField,
      sortType,
      wanted.map(([name]) => [name, query.get(name)]),
    ]);
    const find = () => {
      const direction = sortType === "desc" ? -1 : 1;
      return this.images(region)
        .filter(
          (image) =>
            isSeenBy(image, project, region) &&
            wanted.every(([name, field]) => image[field] === query.get(name)),
        )
        .sort(
          (a, b) =>
            direction *
            (compare(String(a[sortField] ?? ""), String(b[sortField] ?? "")) || compare(a.id, b.id)),
        );
    };
    const found = this.found.get(key) ?? find();
    this.found.set(key, found);
    const start = Number(offset);
    const page = found.slice(start, start + Math.min(Number(limit), this.paging.maxLimit));
    return { status: 200, json: { images: page.map(imageInfo), ...this.total(found.length) } };
  }

  private total(right: number): { total_count?: number } {
    const { totalCount } = this.paging;
    if (totalCount === "missing") return {};
    return {
      total_count: totalCount === "low" ? Math.min(1, right) : totalCount === "high" ? right + 500 : right,
    };
  }
}

/** A private image belongs to one project of its region, and may be shared with others. */
function isSeenBy(image: EmulatedImage, project: string, region: string): boolean {
  const { imageType, project: owner = region, sharedWith = [] } = image;
  return imageType !== "private" || project === owner || sharedWith.includes(project);
}

/** An image as the service describes it. */
export function imageInfo(image: WorkspaceImage): Record<string, string | number> {
  const info: Record<string, string | number> = {};
  for (const field of FIELD_NAMES) {
    const value = image[field];
    if (value !== undefined) info[IMAGE_FIELDS[field].info] = value;
  }
  return info;
}
