import { WorkspaceImagesError } from "../errors";

/** The gateway refuses a clock skew of 15 minutes; `Date`, which tells it, has whole seconds and was some time on its way. */
const MAX_SKEW = 14.9 * 60 * 1000;

/** What is known of a refused request. */
interface Refusal
  extends Pick<ApiError, "status" | "code" | "detail" | "requestId" | "encodedAuthorizationMessage"> {
  /** What was asked, such as `GET https://…/v2/…/images`, without secrets. */
  readonly request: string;
  /** The service's words. */
  readonly reason: string;
  /** What the credentials came from. */
  readonly credentials?: string | undefined;
  /** The client's clock minus the server's, ms. */
  readonly clockSkew?: number | undefined;
}

/** A service, its gateway or IAM refused a request. */
export class ApiError extends WorkspaceImagesError {
  /** HTTP status. */
  readonly status: number;
  /** The service's error code, such as `WKS.00010001` or `APIGW.0301`; `HTTP_<status>` where the answer has none. */
  readonly code: string;
  /** More of the service's words (`error_detail`). */
  readonly detail?: string | undefined;
  /** ID of the request (`X-Request-Id`, `request_id`), which support asks for. */
  readonly requestId?: string | undefined;
  /** Encrypted reason of a refusal (`encoded_authorization_message`), which STS decrypts. */
  readonly encodedAuthorizationMessage?: string | undefined;

  /** @internal */
  constructor(refusal: Refusal) {
    super(messageOf(refusal));
    this.status = refusal.status;
    this.code = refusal.code;
    this.detail = refusal.detail;
    this.requestId = refusal.requestId;
    this.encodedAuthorizationMessage = refusal.encodedAuthorizationMessage;
  }
}

function messageOf(refusal: Refusal): string {
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
  if (status === 206 || (status >= 300 && status < 400))
    found.push("Check the endpoint: this is no answer of the service.");
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
