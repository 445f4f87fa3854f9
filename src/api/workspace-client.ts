import * as v from "valibot";
import type { Location } from "../environment";
import { ResponseError, UnstableListingError } from "../errors";
import type { ListImagesQuery } from "../image-filter";
import { parseImageInfo, type WorkspaceImage } from "../workspace-image";
import { CredentialSources } from "./credentials";
import { Http, type HttpOptions } from "./http";
import { authenticated, findProjectId } from "./iam";
import { encode } from "./signer";

const MAX_LIMIT = 100;
const MAX_IMAGES = 20_000;
const RETAKES = 3;

const PARAMETERS: Record<keyof ListImagesQuery, string> = {
  osType: "os_type",
  imageType: "image_type",
  platform: "platform",
  architecture: "architecture",
  packageType: "package_type",
  imageId: "image_id",
  limit: "limit",
  offset: "offset",
  sortField: "sort_field",
  sortType: "sort_type",
};

const pageSchema = v.object({ images: v.array(v.unknown()), total_count: v.unknown() });

/** The connections and credentials of a run, however many environments it asks. */
export class WorkspaceApi {
  private readonly http: Http;
  private readonly credentials: CredentialSources;

  /** @throws ConfigurationError if a variable that concerns connections is malformed */
  constructor(options: HttpOptions = {}) {
    this.http = new Http(options);
    this.credentials = new CredentialSources(this.http, options.variables);
  }

  /** The client of one place. */
  client(location: Location): WorkspaceClient {
    return new WorkspaceClient(this.http, this.credentials, location);
  }

  /** Closes all connections, so that nothing keeps the process from ending. */
  close(): Promise<void> {
    return this.http.close();
  }
}

/** The Workspace service in one region and project. */
export class WorkspaceClient {
  private project: Promise<string> | undefined;

  /** @internal */
  constructor(
    private readonly http: Http,
    private readonly credentials: CredentialSources,
    private readonly location: Location,
  ) {}

  /**
   * The project ID: configured, else of the profile, else IAM's for the project name. It is found once.
   * @throws CredentialsError, ApiError, ConnectionError, ResponseError as the reason may be
   */
  projectId(): Promise<string> {
    this.project ??= this.findProject();
    return this.project;
  }

  /**
   * Every image that a query selects (`GET /v2/{project_id}/images`), complete and without duplicates.
   *
   * What the service says of the total is only a hint. Pages overlap by one image: if each begins with the image
   * that the one before ended with, no image that existed all the while can have slipped between two pages,
   * whatever was published or deleted meanwhile. Otherwise the listing is taken again.
   * @param options.concurrency how many pages are fetched side by side
   * @throws UnstableListingError if the listing kept changing
   * @throws CredentialsError, ApiError, ConnectionError, ResponseError as the reason may be
   */
  async listImages(query: ListImagesQuery = {}, { concurrency = 4 } = {}): Promise<WorkspaceImage[]> {
    for (let take = 0; take <= RETAKES; take++) {
      const images = await this.take(query, concurrency);
      if (images) return images;
    }
    throw new UnstableListingError(
      `The images of environment "${this.location.environment}" changed while they were listed, ${RETAKES + 1} times in a row. Try again when nothing is being published there.`,
    );
  }

  /** One pass over all pages; undefined if they do not fit together. */
  private async take(query: ListImagesQuery, concurrency: number): Promise<WorkspaceImage[] | undefined> {
    const { limit = MAX_LIMIT, offset = 0 } = query;
    const first = await this.page({ ...query, limit, offset });
    // A service may give less than was asked for: what it gave first is the size of a page.
    const size = first.images.length;
    if (size === 0) return [];
    const step = Math.max(1, size - 1);
    const pages = [first.images];
    let last = Number.POSITIVE_INFINITY;
    let next = 1;
    const work = async () => {
      for (let index = next++; index <= last; index = next++) {
        if (index * step > MAX_IMAGES) {
          throw new ResponseError(
            `The listing has more than ${MAX_IMAGES} images: narrow it with the option listings.`,
          );
        }
        pages[index] = (await this.page({ ...query, limit, offset: offset + index * step })).images;
        // Only a page that is not full proves the end.
        if ((pages[index]?.length ?? 0) < size) last = Math.min(last, index);
      }
    };
    const isProbablyAll = size < limit && (first.total ?? 0) <= size;
    await Promise.all(Array.from({ length: isProbablyAll ? 1 : concurrency }, work));
    return size === 1 ? joinSingles(pages) : joinOverlapping(pages, last);
  }

  private async page(
    query: ListImagesQuery,
  ): Promise<{ images: WorkspaceImage[]; total: number | undefined }> {
    const projectId = await this.projectId();
    const parameters = (Object.keys(PARAMETERS) as (keyof ListImagesQuery)[])
      .filter((key) => query[key] !== undefined)
      .map((key) => `${PARAMETERS[key]}=${encode(String(query[key]))}`);
    const url = `${this.location.workspaceUrl}/v2/${encode(projectId)}/images?${parameters.join("&")}`;
    const { json, requestId } = await this.http.send({
      method: "GET",
      url,
      ...authenticated(this.credentials.of(this.location), { "x-project-id": projectId }),
    });
    const page = v.safeParse(pageSchema, json);
    if (!page.success) {
      throw new ResponseError(
        `GET ${url} answered with JSON that is no listing of images: it has no array "images". Check the endpoint.`,
        requestId,
      );
    }
    const total = page.output.total_count;
    return {
      images: page.output.images.map((image) => parseImageInfo(image, requestId)),
      total: typeof total === "number" && total <= MAX_IMAGES ? total : undefined,
    };
  }

  private async findProject(): Promise<string> {
    if (this.location.projectId) return this.location.projectId;
    const credentials = this.credentials.of(this.location);
    const { projectId, region = this.location.region } = await credentials.get();
    // A profile's project belongs to the profile's region, not to an environment elsewhere.
    const isUsable = projectId !== undefined && region === this.location.region;
    return isUsable ? projectId : findProjectId(this.http, this.location, credentials);
  }
}

function joinOverlapping(pages: readonly WorkspaceImage[][], last: number): WorkspaceImage[] | undefined {
  const [first = [], ...others] = pages;
  const joined = [...first];
  for (const [index, page] of others.entries()) {
    // What was asked for beyond the end must be empty.
    if (index >= last ? page.length > 0 : page[0]?.id !== joined.at(-1)?.id) return undefined;
    joined.push(...page.slice(1));
  }
  // Where the order of equal names is not stable, an image that is missing shows as another one that stands twice.
  return new Set(joined.map(({ id }) => id)).size === joined.length ? joined : undefined;
}

/** A page of one image leaves nothing to overlap. */
function joinSingles(pages: readonly WorkspaceImage[][]): WorkspaceImage[] | undefined {
  return pages.slice(1).every((page) => page.length === 0) ? pages[0] : undefined;
}
