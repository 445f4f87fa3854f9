import { ApiError } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { clientOf } from "../support/client";
import { closing } from "../support/closing";
import { rejection } from "../support/errors";
import { serve } from "../support/server";

const MINUTE = 60_000;

/** The error of a listing that a server refuses like this. */
async function refusal(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiError> {
  const server = await serve((_, response) => response.writeHead(status, headers).end(body));
  const error = await rejection(clientOf(server, { projectId: "p" }).listImages());
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a refusal", () => {
  test("by the service has its code, message, detail, request and authorization message", async () => {
    const body = {
      error_code: "WKS.00010403",
      error_msg: "Forbidden.",
      error_detail: "Policy doesn't allow workspace:images:list.",
      encoded_authorization_message: "XWkh8Tm0Lz+/=",
    };
    const error = await refusal(403, JSON.stringify(body), { "X-Request-Id": "r-1" });
    expect(error).toMatchObject({
      name: "ApiError",
      status: 403,
      code: "WKS.00010403",
      detail: "Policy doesn't allow workspace:images:list.",
      requestId: "r-1",
      encodedAuthorizationMessage: "XWkh8Tm0Lz+/=",
    });
    expect(error.message).toMatch(
      /^GET http:\/\/127\.0\.0\.1:\d+\/v2\/p\/images was refused: 403 WKS\.00010403: Forbidden \(Policy/,
    );
    expect(error.message).toMatch(/decode-authorization-message.* Request ID: r-1\.$/);
    expect(error.message).not.toContain("XWkh8Tm0Lz");
  });

  test("by the gateway has the request ID of the body, where the header has none", async () => {
    const error = await refusal(
      404,
      '{"error_code":"APIGW.0101","error_msg":"The API does not exist","request_id":"r-2"}',
    );
    expect(error).toMatchObject({ status: 404, code: "APIGW.0101", requestId: "r-2" });
    expect(error.message).toContain("The API does not exist. Check the region");
  });

  test("by IAM has IAM's code", async () => {
    const error = await refusal(401, '{"error":{"code":401,"message":"No entity.","title":"Unauthorized"}}', {
      "x-request-id": "r-3",
    });
    expect(error).toMatchObject({ status: 401, code: "IAM.401", detail: "Unauthorized", requestId: "r-3" });
    expect(error.message).toContain("401 IAM.401: No entity (Unauthorized).");
  });

  test.each([
    ["<html><body>Bad\nGateway</body></html>", "<html><body>Bad Gateway</body></html>"],
    ["", "(an empty body)"],
    ['{"message":"x"}', '{"message":"x"}'],
    ['{"error_code":true}', '{"error_code":true}'],
    ["null", "null"],
    ['"\u001b[31mred"', '" [31mred"'],
    ["x ".repeat(50_000), `${"x ".repeat(99)}x .`],
    [`a ${"x".repeat(64)} b ${"x".repeat(65)} c`, `a ${"x".repeat(64)} b … c.`],
  ])("of no known shape quotes the beginning of what came (%#)", async (body, reason) => {
    const error = await refusal(418, body);
    expect(error).toMatchObject({ status: 418, code: "HTTP_418", requestId: undefined });
    expect(error.message).toContain(`418 HTTP_418: ${reason}`);
  });

  test("never repeats a secret, nor control characters, nor more than a few lines", async () => {
    const text = `SK-of-a-test\u001b[2J\u202e${"y".repeat(5000)}`;
    const body = JSON.stringify({ error_code: text, error_msg: text, error_detail: text, request_id: text });
    const error = await refusal(400, body);
    const all = [error.message, error.code, error.detail, error.requestId].join();
    expect(all).toContain("[redacted]");
    expect(all).not.toMatch(/SK-of-a-test|[\p{Cc}\p{Cf}]/u);
    expect(error.message.length).toBeLessThan(3000);
  });
});

describe("a refused signature", () => {
  test.each([
    [+20 * MINUTE, "20 minutes behind"],
    [-20 * MINUTE, "20 minutes ahead of"],
    [+24 * 60 * MINUTE, "1440 minutes behind"],
  ])("where the service's clock is %i ms ahead says that this one is %s", async (clockAheadMs, words) => {
    const emulator = closing(await WorkspaceEmulator.start({ clockAheadMs }));
    const error = await rejection(clientOf(emulator).listImages());
    expect(error).toMatchObject({ status: 401, code: "IAM.401" });
    expect(error.message).toContain(`This machine's clock is ${words} the service's: set it right.`);
  });

  test("where the clocks agree says to check the credentials", async () => {
    const emulator = closing(await WorkspaceEmulator.start({ clockAheadMs: 10 * MINUTE }));
    const client = clientOf(emulator, { projectId: "p" }, { HW_SECRET_KEY: "not-the-secret-key" });
    const error = await rejection(client.listImages());
    expect(error).toMatchObject({
      status: 401,
      code: "APIGW.0301",
      requestId: expect.stringMatching(/^\w+$/),
    });
    expect(error.message).toContain("HW_SECRET_KEY");
    expect(error.message).not.toContain("clock");
  });

  test("is told from other refusals at a wrong time", async () => {
    const error = await refusal(403, "{}", { date: new Date(0).toUTCString() });
    expect(error.message).not.toContain("clock");
  });

  test("is not tried again", async () => {
    const emulator = closing(await WorkspaceEmulator.start({ clockAheadMs: 20 * MINUTE }));
    await rejection(clientOf(emulator, { projectId: "p" }, { HW_MAX_RETRIES: "5" }).listImages());
    expect(emulator.requests).toHaveLength(1);
  });
});

describe("the emulator's refusals", () => {
  test.each([
    ["service", "WKS.00010001"],
    ["gateway", "APIGW.0308"],
    ["iam", "IAM.429"],
  ] as const)("in the shape of the %s are read as %s", async (shape, code) => {
    const emulator = closing(await WorkspaceEmulator.start());
    emulator.inject({ on: "images", status: 429, shape });
    const error = await rejection(clientOf(emulator).listImages());
    expect(error).toMatchObject({
      status: 429,
      code,
      requestId: expect.stringMatching(/^\w+$/),
      message: expect.stringContaining("try again later"),
    });
  });

  test("of another account's project hold the encoded authorization message", async () => {
    const emulator = closing(await WorkspaceEmulator.start());
    const error = await rejection(clientOf(emulator, { projectId: "someone-elses" }).listImages());
    expect(error).toMatchObject({
      status: 403,
      code: "WKS.00010403",
      detail: "project someone-elses",
      encodedAuthorizationMessage: expect.any(String),
      message: expect.stringContaining("check its permissions and the project ID"),
    });
  });
});
