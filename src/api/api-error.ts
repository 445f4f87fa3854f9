import * as v from "valibot";
import { WorkspaceImagesError } from "../errors";
import { excerpt, quote } from "./quote";
import { redact } from "./redact";

/** The gateway refuses a clock skew of 15 minutes; `Date`, which tells it, has whole seconds and was some time on its way. */
const MAX_SKEW = 14.9 * 60 * 1000;
const MAX_ID = 100;
const MAX_ENCODED = 16 * 1024;

const optionalText = v.nullish(v.string());
const serviceSchema = v.object({
  error_code: v.string(),
  error_msg: optionalText,
  error_detail: optionalText,
  encoded_authorization_message: optionalText,
  request_id: optionalText,
});
const iamSchema = v.object({
  error: v.object({
    code: v.union([v.number(), v.string()]),
    message: optionalText,
    title: optionalText,
  }),
});

/** What is known of a refused request. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Error code, such as `WKS.00010001` or `APIGW.0301`; `HTTP_<status>` where the answer has none. */
  readonly code: string;
  /** What was asked, such as `GET https://…/v2/…/images`, without secrets. */
  readonly request: string;
  /** The service's words. */
  readonly reason: string;
  /** More of the service's words (`error_detail`). */
  readonly detail?: string | undefined;
  /** ID of the request (`X-Request-Id`, `request_id`), which support asks for. */
  readonly requestId?: string | undefined;
  /** Encrypted reason of a refusal (`encoded_authorization_message`). */
  readonly encodedAuthorizationMessage?: string | undefined;
  /** What the credentials came from. */
  readonly credentials?: string | undefined;
  /** The client's clock minus the server's, ms. */
  readonly clockSkew?: number | undefined;
}

/** A service, its gateway or IAM refused a request. */
export class ApiError extends WorkspaceImagesError {
  readonly status: number;
  readonly code: string;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  readonly encodedAuthorizationMessage?: string | undefined;

  /** @internal */
  constructor(refusal: Refusal) {
    super(describe(refusal));
    this.status = refusal.status;
    this.code = refusal.code;
    this.detail = refusal.detail;
    this.requestId = refusal.requestId;
    this.encodedAuthorizationMessage = refusal.encodedAuthorizationMessage;
  }

  /**
   * Makes one error of the three shapes in which services, gateway and IAM refuse.
   * @internal
   */
  static fromResponse(
    request: string,
    response: {
      status: number;
      text: string;
      headers: Readonly<Record<string, string>>;
      /** Nothing is quoted that stands outside the known shapes. */
      confidential?: boolean;
      /** What the credentials came from. */
      credentials?: string | undefined;
    },
    now = Date.now(),
  ): ApiError {
    const { status, text, headers } = response;
    const date = Date.parse(headers.date ?? "");
    const common = {
      status,
      request,
      credentials: response.credentials,
      requestId: quote(headers["x-request-id"])?.slice(0, MAX_ID),
      clockSkew: Number.isNaN(date) ? undefined : now - date,
    };
    const json = parse(text);
    const service = v.safeParse(serviceSchema, json);
    if (service.success) {
      const { error_code, error_msg, error_detail, encoded_authorization_message, request_id } =
        service.output;
      return new ApiError({
        ...common,
        code: quote(error_code) ?? `HTTP_${status}`,
        reason: quote(error_msg) ?? "",
        detail: quote(error_detail),
        requestId: common.requestId ?? quote(request_id)?.slice(0, MAX_ID),
        // It must arrive at STS as it came; it is base64.
        encodedAuthorizationMessage:
          redact((encoded_authorization_message ?? "").slice(0, MAX_ENCODED)) || undefined,
      });
    }
    const iam = v.safeParse(iamSchema, json);
    if (iam.success) {
      const { code, message, title } = iam.output.error;
      return new ApiError({
        ...common,
        code: quote(typeof code === "number" ? `IAM.${code}` : code) ?? `HTTP_${status}`,
        reason: quote(message ?? title) ?? "",
        detail: message ? quote(title) : undefined,
      });
    }
    const reason = response.confidential ? "" : excerpt(text);
    return new ApiError({ ...common, code: `HTTP_${status}`, reason });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(refusal: Refusal): string {
  const { request, status, code, reason, detail, requestId } = refusal;
  return [
    `${request} was refused: ${status} ${code}${reason && `: ${reason.replace(/\.$/, "")}`}${detail ? ` (${detail})` : ""}.`,
    ...hints(refusal),
    ...(requestId ? [`Request ID: ${requestId}.`] : []),
  ].join(" ");
}

function hints({ status, clockSkew = 0, credentials, encodedAuthorizationMessage }: Refusal): string[] {
  const found: string[] = [];
  if (status === 401 && Math.abs(clockSkew) > MAX_SKEW) {
    const minutes = Math.round(Math.abs(clockSkew) / 60_000);
    found.push(
      `This machine's clock is ${minutes} minutes ${clockSkew > 0 ? "ahead of" : "behind"} the service's: set it right.`,
    );
  } else if (status === 401) {
    found.push(
      credentials
        ? `The credentials came from ${credentials}: check them, and whether they have expired.`
        : "Check the credentials, and whether they have expired.",
    );
  }
  if (status >= 300 && status < 400) found.push("Check the endpoint: this is no answer of the service.");
  if (status === 403)
    found.push("The account may not do this in this project: check its permissions and the project ID.");
  if (status === 404) found.push("Check the region, the project ID and the endpoint.");
  if (status === 429) found.push("The service limits the rate of calls: try again later.");
  if (encodedAuthorizationMessage) {
    found.push(
      "encodedAuthorizationMessage holds the reason, encrypted: the STS call decode-authorization-message decrypts it.",
    );
  }
  return found;
}
