import type { IConstruct } from "constructs";
import { parseFilter } from "../images/image-filter";
import { selectImages } from "../images/image-selection";
import { listingOf } from "../images/listing";
import { normalizeImage, type WorkspaceImage } from "../images/workspace-image";
import type { LocatedLookup } from "./pinned-answers";

/** Answers of given images, in unit tests: nothing is pinned, written or asked. */
export class GivenAnswers {
  /** What to say of an unknown environment. */
  readonly advice = "Give fromImages its images.";

  private readonly byName: ReadonlyMap<string, readonly WorkspaceImage[]>;

  constructor(images: Readonly<Record<string, readonly WorkspaceImage[]>>) {
    this.byName = new Map(Object.entries(images).map(([name, list]) => [name, list.map(normalizeImage)]));
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** The images that a filter selects, which stand for whatever the service would have answered. */
  images(_scope: IConstruct, lookup: LocatedLookup): readonly WorkspaceImage[] {
    const { environment, filter: given, cardinality, subject } = lookup;
    const filter = parseFilter(given, cardinality, subject);
    const listing = listingOf(this.byName.get(environment) ?? [], filter);
    return selectImages([listing], filter, cardinality, subject);
  }
}
