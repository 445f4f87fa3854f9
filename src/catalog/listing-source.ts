import type { WorkspaceApi, WorkspaceClient } from "../api/workspace-client";
import type { ListingQuery } from "../images/image-filter";
import type { Listing } from "../images/listing";
import { checkPlace, type LockedPlace, lockFileName } from "../pins/lock-file";
import type { Environment } from "../project/environment";

/** Options of {@link openListings}. */
export interface ListingSourceOptions {
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what a user should know although it is no error. */
  readonly onWarning?: (message: string) => void;
}

/** Where one environment is listed. */
export interface EnvironmentListings {
  /** The region and project that were found. */
  readonly place: LockedPlace;
  /** The images that a query selects there. */
  listing(query: ListingQuery): Promise<Listing>;
}

/** Opens what talks to a network, and loads it: a frozen synth must never get here. */
export async function openListings(options: ListingSourceOptions = {}): Promise<ListingSource> {
  // Not import(): in a user's Jest, that one works behind a flag of Node only.
  const { WorkspaceApi } = require("../api/workspace-client") as typeof import("../api/workspace-client");
  return new ListingSource(new WorkspaceApi(options));
}

/** The listings of a run: environments that are in one place share client, project and listings. */
export class ListingSource {
  private readonly shared = new Map<string, unknown>();

  /** @internal */
  constructor(private readonly api: WorkspaceApi) {}

  /**
   * Finds out where an environment is. Where no project is configured, its lock file tells it, which saves asking IAM.
   * @param locked where its pins were taken, if it has a lock file
   * @throws ConfigurationError, CredentialsError, ConnectionError, ApiError, ResponseError as the reason may be
   * @throws LockFileError if its pins were taken in another region or project
   */
  async environment(environment: Environment, locked: LockedPlace | undefined): Promise<EnvironmentListings> {
    const located = await this.api.locate(environment);
    const location = locked && !located.projectId ? { ...located, projectId: locked.projectId } : located;
    const { workspaceUrl, iamUrl, profile } = location;
    const client = this.once<WorkspaceClient>(["client", location], () => this.api.client(location));
    const projectId = await this.once(["project", location], () => client.projectId());
    const place = { region: location.region, projectId };
    const { name } = environment;
    if (locked)
      checkPlace({ ...locked, environment: name }, { ...environment, ...place }, lockFileName(name));
    return {
      place,
      listing: (query) =>
        // By the project that was found: one environment has it from its lock file, another must ask IAM.
        this.once(["listing", workspaceUrl, iamUrl, profile, projectId, query], async () => ({
          query,
          images: await client.listImages(query),
        })),
    };
  }

  /** Closes the connections, so that nothing keeps the process from ending. */
  close(): Promise<void> {
    return this.api.close();
  }

  private once<T>(key: unknown[], make: () => T): T {
    const name = JSON.stringify(key);
    if (!this.shared.has(name)) this.shared.set(name, make());
    return this.shared.get(name) as T;
  }
}
