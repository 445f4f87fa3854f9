/** Part of the emulator that a request belongs to: what lists images, IAM with STS, ECS metadata, or its own `/emulator/`. */
export type EmulatedService = "images" | "iam" | "metadata" | "control";

/** A request as faults and tests see it; it holds no secrets. */
export interface EmulatedRequest {
  /** What it is sent to. */
  readonly service: EmulatedService;
  /** HTTP method, such as `GET`. */
  readonly method: string;
  /** Path of the URL, such as `/v2/<project ID>/images`. */
  readonly path: string;
  /** Query parameters, decoded; of one that is repeated, the last. */
  readonly query: Readonly<Record<string, string>>;
}

/** Something that goes wrong with requests. */
export interface Fault {
  /** Which requests go wrong. */
  readonly on: EmulatedService | ((request: EmulatedRequest) => boolean);
  /**
   * How many of them.
   * @default - all
   */
  readonly times?: number;
  /** Runs before the request is answered: publish or remove an image between two pages. */
  readonly before?: () => void;
  /** Answers with this status instead, in one of the three shapes of errors. */
  readonly status?: number;
  /**
   * Shape of the error.
   * @default "service"
   */
  readonly shape?: ErrorShape;
  /** Headers that are added to the answer, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Wait before the answer's headers, ms. */
  readonly delayHeadersMs?: number;
  /** Wait in the middle of the answer's body, ms. */
  readonly delayBodyMs?: number;
  /** Cuts the connection, before the answer or in the middle of its body. */
  readonly reset?: "before" | "during";
  /** Answers with another body than it should, and status 200. */
  readonly body?: "truncated" | "truncated-gzip" | "empty" | "html" | "other-json" | "oversized";
  /** Answers with what this makes of the right JSON. */
  readonly edit?: (json: unknown) => unknown;
  /** Answers with the right body under this content type. */
  readonly contentType?: string;
  /** Redirects to this URL. */
  readonly redirect?: string;
}

/** How an error is written: by the service, by its gateway, or by IAM. */
export type ErrorShape = "service" | "gateway" | "iam";

/** An answer before it is written. */
export interface EmulatedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** An error in one of the three shapes. */
export function errorAnswer(
  status: number,
  shape: ErrorShape,
  message: string,
  code?: string,
  requestId?: string,
): EmulatedAnswer {
  if (shape === "iam") {
    return { status, json: { error: { code: status, message, title: TITLES[status] ?? "Error" } } };
  }
  if (shape === "gateway") {
    const gatewayCode =
      code ?? (status === 429 ? "APIGW.0308" : status === 401 ? "APIGW.0301" : "APIGW.0201");
    return { status, json: { error_code: gatewayCode, error_msg: message, request_id: requestId } };
  }
  return { status, json: { error_code: code ?? "WKS.00010001", error_msg: message } };
}

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
