import v = require("valibot");

import { ConfigurationError, FilterError, ResponseError, UnstableListingError } from "../errors";
import type { ListImagesQuery } from "../images/image-filter";
import { type ListedImage, parseImageInfo } from "../images/workspace-image";
import type { Environment } from "../project/environment";
import { type Location, locate } from "../project/location";
import { setting, type Variables } from "../project/provider-variables";
import { ApiError } from "./api-error";
import { authenticated } from "./authentication";
import { CredentialSources } from "./credential-sources";
import { Profiles } from "./credential-sources/profile";
import { listDivided } from "./divided-listing";
import { WIDEST } from "./governor";
import { Http, type HttpOptions } from "./http";
import { findProjectId } from "./iam";
import { type Page, type Taking, takeListing, type Width } from "./paging";
import { encode } from "./signer";

const MAX_LIMIT = 100;
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

const pageSchema = v.object({
  images: v.nullable(v.array(v.unknown()), []),
  total_count: v.optional(v.unknown()),
});

/** The connections and credentials of a run, however many environments it asks. */
export class WorkspaceApi {
  private readonly http: Http;
  private readonly credentials: CredentialSources;
  private readonly profiles: Profiles;
  /** They hold secrets: unlike a private property, this one is not shown by util.inspect. */
  readonly #variables: Variables;

  /** @throws ConfigurationError if a variable that concerns connections is malformed */
  constructor(options: HttpOptions = {}) {
    this.#variables = options.variables ?? process.env;
    this.http = new Http(options);
    this.profiles = new Profiles(this.#variables);
    this.credentials = new CredentialSources(this.http, this.profiles, this.#variables);
  }

  /**
   * An environment's place, after its profile and the variables.
   * @throws ConfigurationError if it has no usable one, or credentials must not be sent there
   * @throws CredentialsError if a profile is asked for that cannot be read
   */
  async locate(environment: Environment): Promise<Location> {
    const profile = await this.profiles.find(
      environment.profile ?? setting("profile", this.#variables)?.value,
    );
    return locate(environment, this.#variables, profile);
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
   * @throws ConfigurationError if the account has no project or several of that name, or the ID is none
   * @throws CredentialsError, ApiError, ConnectionError, ResponseError as the reason may be
   */
  projectId(): Promise<string> {
    this.project ??= this.findProject();
    return this.project;
  }

  /**
   * Every image that a query selects (`GET /v2/{project_id}/images`), complete and without duplicates, in the
   * service's order. Images that are published or deleted meanwhile may be in it or not; no other one is missing.
   * @param query all ten parameters; `limit` is the size of a page, `offset` leaves out the first images
   * @param options.concurrency how many pages are fetched side by side at most, after the first; default: eight, and
   * twice as many again and again while the service keeps up
   * @throws FilterError if `limit` or `offset` is out of range
   * @throws UnstableListingError if the listing kept changing, or kept contradicting itself
   * @throws ListingTooLargeError if there are more than the service lists, however the listing is divided
   * @throws ConfigurationError, CredentialsError, ApiError, ConnectionError, ResponseError as the reason may be
   */
  async listImages(
    query: ListImagesQuery = {},
    { concurrency = WIDEST } = {},
  ): Promise<readonly ListedImage[]> {
    const { limit = MAX_LIMIT, offset = 0 } = query;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      throw new FilterError(`limit must be a whole number from 1 to ${MAX_LIMIT}.`);
    }
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new FilterError("offset must be a whole number, 0 or more.");
    }
    const width = (left: number) =>
      Math.min(concurrency, this.http.widthOf(this.location.workspaceUrl, Math.min(concurrency, left)));
    return listDivided(query, (part) => this.take({ ...part, limit }, offset, width));
  }

  private async take(query: ListImagesQuery, start: number, width: Width): Promise<Taking> {
    const readPage = async (offset: number): Promise<Page> => {
      try {
        return await this.page({ ...query, offset });
      } catch (error) {
        // A listing that goes on beyond the greatest offset that the service accepts is taken otherwise.
        const isTooFar = offset > start && error instanceof ApiError && error.status === 400;
        if (!isTooFar || start > 0) throw error;
        return { images: [], total: undefined, refusal: error };
      }
    };
    for (let retake = 0; retake <= RETAKES; retake++) {
      const taking = await takeListing(readPage, start, width, retake === RETAKES);
      if (taking) return taking;
    }
    const { region } = this.location;
    throw new UnstableListingError(
      `The images of region ${region}, project ${await this.projectId()}, changed while they were listed, ${RETAKES + 1} times in a row. Try again when nothing is being published there.`,
    );
  }

  private async page(query: ListImagesQuery): Promise<Page> {
    const projectId = await this.projectId();
    const parameters = (Object.keys(PARAMETERS) as (keyof ListImagesQuery)[])
      .filter((key) => query[key] !== undefined)
      .map((key) => `${PARAMETERS[key]}=${encode(String(query[key]))}`);
    const url = `${this.location.workspaceUrl}/v2/${encode(projectId)}/images?${parameters.join("&")}`;
    const response = await this.http.send({
      method: "GET",
      url,
      ...authenticated(this.credentials.of(this.location), { "x-project-id": projectId }),
    });
    const page = v.safeParse(pageSchema, response.json);
    if (!page.success) {
      throw new ResponseError(
        `GET ${url} answered with JSON that is no listing of images: it has no array "images". Check the endpoint.`,
        response.requestId,
      );
    }
    const { images, total_count } = page.output;
    // As text, it says the same.
    const total =
      typeof total_count === "string" && /^\d+$/.test(total_count) ? Number(total_count) : total_count;
    return {
      images: images.map(parseImageInfo),
      total: Number.isSafeInteger(total) ? (total as number) : undefined,
    };
  }

  private async findProject(): Promise<string> {
    const id = await this.lookUpProject();
    if (/^[\w-]{1,64}$/.test(id)) return id;
    throw new ConfigurationError(
      `The project ID for region ${this.location.region} (from HW_PROJECT_ID, the profile or IAM) is none: it must have 1 to 64 letters, digits, dashes or underscores.`,
    );
  }

  private async lookUpProject(): Promise<string> {
    if (this.location.projectId) return this.location.projectId;
    return findProjectId(this.http, this.location, this.credentials.of(this.location));
  }
}
