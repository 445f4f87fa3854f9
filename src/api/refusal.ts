import v = require("valibot");

import { ApiError } from "./api-error";
import { excerpt, quote, quoteId } from "./quote";
import { redact } from "./redact";

const MAX_ENCODED = 16 * 1024;

const optionalText = v.nullish(v.string());
const serviceSchema = v.object({
  error_code: v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.nonEmpty()),
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

/** Whether an answer has one of the shapes in which services, gateway and IAM refuse. */
export function isRefusal(json: unknown): boolean {
  return v.is(serviceSchema, json) || v.is(iamSchema, json);
}

/** Makes one error of the three shapes in which services, gateway and IAM refuse. */
export function readRefusal(
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
    requestId: quoteId(headers["x-request-id"]),
    clockSkew: Number.isNaN(date) ? undefined : now - date,
  };
  const json = parse(text);
  const service = v.safeParse(serviceSchema, json);
  if (service.success) {
    const { error_code, error_msg, error_detail, encoded_authorization_message, request_id } = service.output;
    return new ApiError({
      ...common,
      code: quote(error_code) ?? `HTTP_${status}`,
      reason: quote(error_msg) ?? "",
      detail: quote(error_detail),
      requestId: common.requestId ?? quoteId(request_id),
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
