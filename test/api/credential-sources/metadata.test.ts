import { ConfigurationError, NoCredentialsError } from "../../../src";
import { rejection } from "../../support/errors";
import { asked, ids, list, withServer } from "../support";
import { emulator, images, keys, where } from "./support";

test("the ECS metadata service gives temporary keys", async () => {
  const variables = { ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url };
  expect(ids(await list(variables))).toEqual(images);
  expect(asked(emulator, "metadata")).toEqual(["GET /openstack/latest/securitykey"]);
});

test.each([
  ["nowhere", "is not a URL"],
  ["http://user:canary@127.0.0.1/", "must not contain a user name or password"],
  ["http://127.0.0.1/?canary", "must not contain a query or fragment"],
  ["http://metadata.example.com", "is plain http, which is allowed to loopback only"],
])("a metadata endpoint that no base URL is: %s", async (endpoint, message) => {
  const error = await rejection(list({ ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: endpoint }));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toContain("WORKSPACE_IMAGES_METADATA_ENDPOINT");
  expect(error.message).toContain(message);
  expect(error.message).not.toContain("canary");
});

test("the metadata service is waited for briefly, and asked once", async () => {
  let calls = 0;
  await withServer(
    () => {
      calls++;
    },
    async (url) => {
      const started = Date.now();
      const error = await rejection(list({ ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: url }));
      expect(error).toBeInstanceOf(NoCredentialsError);
      expect(error.message).toContain("no answer within 1 s");
      expect(Date.now() - started).toBeLessThan(15_000);
    },
  );
  expect(calls).toBe(1);
});

test("the metadata service is not asked where anything else is set", async () => {
  await list({ ...keys, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url });
  expect(asked(emulator, "metadata")).toEqual([]);
});
