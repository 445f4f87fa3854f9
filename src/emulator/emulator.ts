import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { serveWhileWaiting } from "../threads/blocking-wait";
import { HelperThread, helperFile } from "../threads/helper-thread";
import { Accounts, DEFAULT_ACCOUNT } from "./accounts";
import { builtInImages, type EmulatedImage, projectIdOf, REGIONS } from "./built-in-images";
import { answerControl } from "./control";
import type { EmulatorOptions } from "./emulator-options";
import {
  type EmulatedAnswer,
  type EmulatedRequest,
  type EmulatedService,
  errorAnswer,
  type Fault,
} from "./faults";
import type { FrontAnswer, FrontOptions, FrontReport, FrontRequest } from "./front";
import { answerIam } from "./iam-service";
import { ImageService } from "./image-service";
import { type ReceivedRequest, refuseSignature } from "./signature";
import { Throttle } from "./throttle";

/** A request that was answered. */
export interface AnsweredRequest extends EmulatedRequest {
  /** Status of the answer; what a fault made of it does not show here. */
  readonly status: number;
}

/** A server on loopback that speaks the interfaces of Workspace images, IAM and ECS metadata. */
export class WorkspaceEmulator {
  /**
   * Starts a server.
   * @throws RangeError if a project is in none of the regions
   * @throws Error with code EADDRINUSE if the port is taken
   */
  static async start(options: EmulatorOptions = {}): Promise<WorkspaceEmulator> {
    const emulator = new WorkspaceEmulator(options);
    try {
      await emulator.listen();
    } catch (error) {
      await emulator.front.end();
      throw error;
    }
    return emulator;
  }

  /** What was asked so far. */
  readonly requests: AnsweredRequest[] = [];
  private readonly accounts: Accounts;
  private readonly service: ImageService;
  private readonly faults: { readonly fault: Fault; left: number }[] = [];
  private readonly throttle: Throttle;
  private readonly front: HelperThread;
  private port = 0;
  /** The front's time of the request that is answered: a test may have replaced the clock of this thread. */
  private time = 0;
  private stopServing = () => {};

  private constructor(private readonly options: EmulatorOptions) {
    this.accounts = new Accounts(options.account ?? DEFAULT_ACCOUNT, () => this.time);
    const images =
      options.images ?? Object.fromEntries(REGIONS.map((region) => [region, builtInImages(region)]));
    const {
      maxLimit = 100,
      maxOffset = 5000,
      totalCount = "right",
      requestsPerSecond = Number.POSITIVE_INFINITY,
    } = options;
    this.service = new ImageService(images, { maxLimit, maxOffset, totalCount });
    this.throttle = new Throttle(requestsPerSecond);
    for (const project of this.projects) this.regionOf(project);
    const path = typeof __dirname === "string" ? join(__dirname, "front") : undefined;
    this.front = new HelperThread("emulator-front", helperFile(path));
  }

  /** Base URL of every interface. */
  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Environment variables that point this library at the emulator. */
  get variables(): Record<string, string> {
    const { accessKey, secretKey } = this.accounts.account;
    return {
      HW_ACCESS_KEY: accessKey,
      HW_SECRET_KEY: secretKey,
      HW_AUTH_URL: `${this.url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: this.url,
    };
  }

  /** Names of the regions. */
  get regions(): string[] {
    return this.service.names;
  }

  /** ID of a project by its name, the same in every run; a region's name is that of its own project. */
  projectId(project: string): string {
    return projectIdOf(project);
  }

  private get projects(): string[] {
    return [...this.regions, ...(this.options.projects ?? [])];
  }

  private regionOf(project: string): string {
    const region = this.regions.find((name) => project === name || project.startsWith(`${name}_`));
    if (region !== undefined) return region;
    throw new RangeError(
      `The project ${JSON.stringify(project)} is in no region: it must be named like ${this.regions[0]}_finance.`,
    );
  }

  /**
   * The images of a region now.
   * @throws RangeError if there is no such region
   */
  images(region: string): readonly EmulatedImage[] {
    return [...this.service.images(region)];
  }

  /**
   * Publishes an image, or replaces the one with its ID. Without an ID it gets one; without a creation time, now.
   * @throws RangeError if there is no such region
   */
  publish(region: string, image: Omit<EmulatedImage, "id"> & { readonly id?: string }): EmulatedImage {
    return this.service.publish(region, image);
  }

  /**
   * Deletes an image; whether there was one.
   * @throws RangeError if there is no such region
   */
  remove(region: string, id: string): boolean {
    return this.service.remove(region, id);
  }

  /** Lets requests go wrong from now on; faults that were injected first are used up first. */
  inject(fault: Fault): void {
    this.faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Takes all faults back. */
  heal(): void {
    this.faults.length = 0;
  }

  /** Sets how long tokens and temporary keys that are issued from now on live, ms. */
  setLifetime(ms: number): void {
    this.accounts.lifetimeMs = ms;
  }

  /** Ends all tokens and temporary keys, although their lifetime is not over. */
  expireCredentials(): void {
    this.accounts.expireAll();
  }

  /** Stops the server and cuts its connections. */
  async close(): Promise<void> {
    this.stopServing();
    await this.front.end();
  }

  private async listen(): Promise<void> {
    const { port = 0, latencyMs = 0, tls } = this.options;
    this.front.post({ port, latencyMs, tls } satisfies FrontOptions);
    this.port = await new Promise<number>((resolve, reject) => {
      const take = (report: FrontReport) => {
        if ("listening" in report) resolve(report.listening);
        else if ("failed" in report) reject(Object.assign(new Error(report.failed.message), report.failed));
        else if ("id" in report) this.serve(report);
      };
      this.front.onMessage(take, (why) => reject(new Error(`The emulator's server ended ${why}.`)));
      // A constructor that waits for a listing blocks this thread, which must answer that listing meanwhile.
      this.stopServing = serveWhileWaiting(() => {
        for (let report = this.front.take(); report !== undefined; report = this.front.take()) {
          take(report as FrontReport);
        }
      });
    });
  }

  private serve(request: FrontRequest): void {
    const { id } = request;
    try {
      this.front.post({ id, ...this.respond(request) } satisfies FrontAnswer);
    } catch {
      // An error of a fault's own function: the server of a service would lose the connection.
      this.front.post({ id } satisfies FrontAnswer);
    }
  }

  private respond(request: FrontRequest): Omit<FrontAnswer, "id"> {
    this.time = request.at;
    const url = new URL(request.target, "http://emulator");
    const emulated: EmulatedRequest = {
      service: serviceOf(url.pathname),
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
    };
    const fault = this.faultFor(emulated);
    fault?.before?.();
    const requestId = randomUUID().replaceAll("-", "");
    const { status, json, headers } =
      fault?.status !== undefined
        ? errorAnswer(
            fault.status,
            fault.shape ?? "service",
            "This request was made to fail.",
            undefined,
            requestId,
          )
        : emulated.service !== "control" && !this.throttle.passes(request.at)
          ? this.throttle.refusal(requestId)
          : request.body === undefined
            ? errorAnswer(400, "gateway", "The request body is too large.", "APIGW.0201", requestId)
            : this.answer(emulated, url, { ...request, body: request.body }, requestId);
    this.requests.push({ ...emulated, status });
    const date = new Date(this.now()).toUTCString();
    const edited = fault?.edit ? fault.edit(json) : json;
    return {
      answer: {
        status,
        headers: { date, "x-request-id": requestId, ...headers },
        body: edited === undefined ? "" : JSON.stringify(edited),
      },
      fault,
    };
  }

  private answer(
    { service, method, path }: EmulatedRequest,
    url: URL,
    request: ReceivedRequest,
    requestId: string,
  ): EmulatedAnswer {
    const refusal = () => this.refuse(request);
    if (service === "control") return answerControl(path, request, this.service);
    if (service === "iam" || service === "metadata") {
      const { headers, body } = request;
      return answerIam(
        { method, path, query: url.searchParams, headers, body, refusal },
        this.accounts,
        this.projects,
      );
    }
    const projectId = /^\/v2\/([^/]+)\/images\/?$/.exec(path)?.[1];
    if (projectId === undefined)
      return errorAnswer(404, "gateway", "The API does not exist", "APIGW.0101", requestId);
    if (method !== "GET") return errorAnswer(405, "service", "The method is not allowed.", "WKS.00010405");
    const refused = refusal();
    if (refused) {
      const message = `Incorrect IAM authentication information: ${refused}`;
      return errorAnswer(401, "gateway", message, "APIGW.0301", requestId);
    }
    const project = this.projects.find((name) => projectIdOf(name) === projectId);
    if (project === undefined) {
      return {
        status: 403,
        json: {
          error_code: "WKS.00010403",
          error_msg: "The account may not use this project.",
          error_detail: `project ${projectId}`,
          encoded_authorization_message: Buffer.from(`denied ${projectId}`).toString("base64"),
        },
      };
    }
    return this.service.list(this.regionOf(project), project, url.searchParams);
  }

  private refuse(request: ReceivedRequest): string | undefined {
    const token = request.headers["x-auth-token"];
    if (typeof token === "string")
      return this.accounts.isTokenValid(token) ? undefined : "the token is invalid or expired";
    return refuseSignature(request, (key) => this.accounts.keyOf(key), this.now());
  }

  private now(): number {
    return this.time + (this.options.clockAheadMs ?? 0);
  }

  private faultFor(request: EmulatedRequest): Fault | undefined {
    const found = this.faults.find(
      ({ fault: { on }, left }) =>
        left > 0 && (typeof on === "function" ? on(request) : on === request.service),
    );
    if (found) found.left--;
    return found?.fault;
  }
}

function serviceOf(path: string): EmulatedService {
  if (path.startsWith("/emulator/")) return "control";
  if (path.startsWith("/openstack/")) return "metadata";
  if (path === "/v3" || path.startsWith("/v3/") || path.startsWith("/v3.0/") || path.startsWith("/v5/"))
    return "iam";
  return "images";
}
