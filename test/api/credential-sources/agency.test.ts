import { ApiError } from "../../../src";
import { WorkspaceApi } from "../../../src/api/workspace-client";
import { rejection } from "../../support/errors";
import { asked, ids, list, REGION, type Variables } from "../support";
import {
  ASSUME,
  accessKey,
  agency,
  emulator,
  homeFile,
  idp,
  images,
  keys,
  refused,
  secretKey,
  token,
  user,
  where,
} from "./support";

const STS = "POST /v5/agencies/assume";

describe("an agency", () => {
  const assumed = {
    HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
    HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
  };

  const bySts = {
    HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
    HW_ASSUME_ROLE_DOMAIN_ID: agency.domainId,
  };

  test("is assumed on top of every source", async () => {
    const shared = homeFile(
      { current: "a", profiles: [{ name: "a", accessKeyId: accessKey, secretAccessKey: secretKey }] },
      "shared.json",
    );
    const bases: Record<string, Variables> = {
      token: { HW_AUTH_TOKEN: await token() },
      accessKey: { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey },
      password: {
        HW_USER_NAME: user.name,
        HW_USER_PASSWORD: user.password,
        HW_DOMAIN_NAME: user.domainName,
      },
      sharedFile: { HW_SHARED_CONFIG_FILE: shared },
      metadata: { WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url },
      oidc: { HW_ASSUME_ROLE_IDP_ID: idp.id, HW_ASSUME_ROLE_ID_TOKEN: idp.idToken },
    };
    const assumptions: Record<string, number> = {};
    for (const [name, base] of Object.entries(bases)) {
      emulator.requests.length = 0;
      expect(ids(await list({ ...where, ...base, ...assumed }))).toEqual(images);
      assumptions[name] = asked(emulator, "iam").filter((request) => request === ASSUME).length;
    }
    // OIDC exchanges its token by the same call first.
    expect(assumptions).toEqual({
      token: 1,
      accessKey: 1,
      password: 1,
      sharedFile: 1,
      metadata: 1,
      oidc: 2,
    });
  });

  test("may be named by its domain's ID, and is assumed by STS then", async () => {
    const variables = bySts;
    expect(ids(await list({ ...keys, ...variables }))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual([STS, "GET /v3/projects"]);
    const error = await rejection(list({ ...keys, ...variables, HW_ASSUME_ROLE_AGENCY_NAME: "other" }));
    expect(error).toMatchObject({ status: 403, code: "STS5.1004" });
  });

  test("whose keys come without an end is renewed after the duration that was asked for", async () => {
    emulator.inject({
      on: ({ path }) => path === "/v5/agencies/assume",
      edit: (json) => {
        const { expiration: _, ...credentials } = (json as { credentials: Record<string, string> })
          .credentials;
        return { credentials };
      },
    });
    const api = new WorkspaceApi({ variables: { ...keys, ...bySts, HW_ASSUME_ROLE_DURATION: "600" } });
    const client = api.client(await api.locate({ name: "dev", region: REGION }));
    await client.listImages();
    const start = Date.now();
    const clock = jest.spyOn(Date, "now").mockImplementation(() => start + 599_000);
    try {
      await client.listImages().catch(() => {});
      expect(asked(emulator, "iam").filter((request) => request === STS)).toHaveLength(2);
    } finally {
      clock.mockRestore();
      await api.close();
    }
  });

  test.each(["soon", "-1", "1.5", "0", "1e3"])("for the duration %s is refused", async (duration) => {
    const message = await refused({ ...keys, ...assumed, HW_ASSUME_ROLE_DURATION: duration });
    expect(message).toContain("HW_ASSUME_ROLE_DURATION is no whole number of seconds");
  });

  test("that the account may not assume is refused in IAM's words", async () => {
    const error = await rejection(list({ ...keys, ...assumed, HW_ASSUME_ROLE_AGENCY_NAME: "other" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 403, code: "IAM.403" });
    expect(error.message).toContain("You are not authorized to assume this agency");
  });
});
