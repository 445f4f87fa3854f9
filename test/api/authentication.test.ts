import { CredentialSource } from "../../src/api/authentication";
import { Secret } from "../../src/api/secret";
import { WorkspaceApi, type WorkspaceClient } from "../../src/api/workspace-client";
import { WorkspaceEmulator } from "../../src/emulator";
import { ConnectionError } from "../../src/errors";
import { locate } from "../../src/project/location";
import { rejection } from "../support/errors";
import { emulator, images, keys, user, where } from "./credential-sources/support";
import { asked, ids, LIMITS, list, REGION } from "./support";

describe("credentials that end during a run", () => {
  const password = () => ({
    ...where,
    HW_USER_NAME: user.name,
    HW_USER_PASSWORD: user.password,
    HW_DOMAIN_NAME: user.domainName,
  });

  test("are renewed once for all requests when the service refuses them", async () => {
    emulator.inject({ on: "images", times: 1, before: () => emulator.expireCredentials() });
    expect(ids(await list(password()))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual([
      "POST /v3/auth/tokens",
      "GET /v3/projects",
      "POST /v3/auth/tokens",
    ]);
    expect(emulator.requests.filter(({ status }) => status === 401)).toHaveLength(1);
  });

  test("are renewed once where several pages are refused side by side", async () => {
    const paged = await WorkspaceEmulator.start({ maxLimit: 10, latencyMs: 20 });
    paged.inject({
      on: ({ query }) => Number(query.offset) > 0,
      times: 1,
      before: () => paged.expireCredentials(),
    });
    const variables = {
      ...password(),
      HW_AUTH_URL: `${paged.url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: paged.url,
    };
    expect(ids(await list(variables))).toEqual(images);
    expect(paged.requests.filter(({ status }) => status === 401)).toHaveLength(2);
    expect(asked(paged, "iam").filter((request) => request.startsWith("POST"))).toHaveLength(2);
    await paged.close();
  });

  describe("and are about to", () => {
    const issued = () => asked(emulator, "iam").filter((request) => request.startsWith("POST")).length;
    let api: WorkspaceApi;
    let client: WorkspaceClient;
    let later: number;
    let clock: jest.SpyInstance;
    beforeEach(async () => {
      emulator.setLifetime(120_000);
      api = new WorkspaceApi({ variables: { ...password(), HW_MAX_RETRIES: "0" }, limits: LIMITS });
      client = api.client(locate({ name: "dev", region: REGION }, password()));
      await client.listImages();
      expect(issued()).toBe(1);
      // The emulator's clock is not turned on: what it issues later must hold as long on this one.
      emulator.setLifetime(600_000);
      const start = Date.now();
      later = 0;
      clock = jest.spyOn(Date, "now").mockImplementation(() => start + later);
    });
    afterEach(async () => {
      clock.mockRestore();
      await api.close();
    });

    test("are renewed once before, so that no request is refused", async () => {
      later = 61_000;
      const listings = await Promise.all([1, 2, 3].map(() => client.listImages()));
      for (const listing of listings) expect(ids(listing)).toEqual(images);
      while (issued() < 2) await new Promise((resolve) => setImmediate(resolve));
      // When the first have ended, the second are there.
      later = 120_500;
      expect(ids(await client.listImages())).toEqual(images);
      expect(issued()).toBe(2);
      expect(emulator.requests.filter(({ status }) => status === 401)).toEqual([]);
    });

    test("are used to their end where there are no others, without waiting for them", async () => {
      later = 61_000;
      emulator.inject({ on: "iam", delayHeadersMs: 60_000 });
      expect(ids(await client.listImages())).toEqual(images);
      emulator.heal();
    });

    test("are obtained again when what failed has passed", async () => {
      emulator.inject({ on: "iam", status: 503, shape: "iam" });
      later = 61_000;
      expect(ids(await client.listImages())).toEqual(images);
      later = 121_000;
      expect(await rejection(client.listImages())).toMatchObject({ code: "IAM.503" });
      emulator.heal();
      expect(ids(await client.listImages())).toEqual(images);
    });
  });

  test("are asked for again where what failed may have passed, and not where they were refused", async () => {
    for (const [fault, times] of [
      [{ status: 503, shape: "iam" }, 2],
      [{ status: 401, shape: "iam" }, 1],
    ] as const) {
      emulator.requests.length = 0;
      emulator.inject({ ...fault, on: "iam" });
      const api = new WorkspaceApi({ variables: { ...password(), HW_MAX_RETRIES: "0" } });
      for (const name of ["dev", "prod"]) {
        const client = api.client(locate({ name, region: REGION }, password()));
        expect(await rejection(client.listImages())).toMatchObject({ status: fault.status });
      }
      await api.close();
      expect(asked(emulator, "iam")).toHaveLength(times);
      emulator.heal();
    }
  });

  test("are not let go of when those before them are refused late", async () => {
    let count = 0;
    const source = new CredentialSource(async () => ({
      accessKey: `${++count}`,
      secretKey: new Secret("secret"),
      from: "a test",
      expiresAt: Date.now() + 3600_000,
    }));
    const first = await source.get();
    await source.renew(first);
    const second = await source.get();
    expect(second).toMatchObject({ accessKey: "2" });
    expect(await source.renew(first)).toBe(true);
    expect(await source.get()).toBe(second);
  });

  test("are not asked for with every request while their renewal fails and they still hold", async () => {
    const held = {
      accessKey: "held",
      secretKey: new Secret("secret"),
      from: "a test",
      expiresAt: Date.now() + 30_000,
    };
    let count = 0;
    const source = new CredentialSource(async () => {
      if (count++ > 0) throw new ConnectionError("IAM is down");
      return { ...held, renewAt: Date.now() };
    });
    for (let request = 0; request < 20; request++) {
      expect(await source.get()).toMatchObject({ accessKey: "held" });
      await new Promise(setImmediate);
    }
    expect(count).toBe(2);
  });

  test("are used for half their life where that is short", async () => {
    emulator.setLifetime(40_000);
    expect(ids(await list(password()))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual(["POST /v3/auth/tokens", "GET /v3/projects"]);
  });

  test("are tried anew once, and no more", async () => {
    emulator.inject({ on: "images", before: () => emulator.expireCredentials() });
    expect(await rejection(list(password()))).toMatchObject({ status: 401, code: "APIGW.0301" });
    expect(asked(emulator, "images").length).toBeLessThanOrEqual(2);
  });

  test("of an access key, which cannot end, are not asked for again", async () => {
    emulator.inject({ on: "images", status: 401, shape: "gateway" });
    expect(await rejection(list(keys))).toMatchObject({ status: 401 });
    expect(asked(emulator, "images")).toHaveLength(1);
  });
});
