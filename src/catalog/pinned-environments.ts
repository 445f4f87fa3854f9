import type { Environments } from "../project/environments";
import { EnvironmentPins } from "./environment-pins";
import type { Availability } from "./resolution";

/** The environments of a run with their pins: one that nobody asks for is neither checked nor read. */
export class PinnedEnvironments {
  private readonly opened = new Map<string, EnvironmentPins>();

  constructor(
    /** The folder of `workspace-images/`. */
    readonly directory: string,
    private readonly environments: Environments,
    private readonly availability: Availability,
  ) {}

  /** Names of all environments. */
  get names(): string[] {
    return this.environments.names;
  }

  has(name: string): boolean {
    return this.environments.has(name);
  }

  /** Those that somebody asked for, by name. */
  get asked(): ReadonlyMap<string, EnvironmentPins> {
    return this.opened;
  }

  /**
   * An environment with its pins; undefined where there is none of the name.
   * @throws ConfigurationError if it is configured wrongly
   */
  get(name: string): EnvironmentPins | undefined {
    const known = this.opened.get(name);
    if (known) return known;
    const environment = this.environments.get(name);
    if (!environment) return undefined;
    const pins = new EnvironmentPins(this.directory, environment, this.availability);
    this.opened.set(name, pins);
    return pins;
  }
}
