import { ApiError } from "../../../src";
import { rejection } from "../../support/errors";
import { asked, ids, list } from "../support";
import { emulator, images, keys, temporaryKey, where } from "./support";

test("an access key signs requests", async () => {
  expect(ids(await list(keys))).toEqual(images);
  expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
});

test("a temporary access key signs requests with its security token, and with nothing less", async () => {
  const { access, secret, securitytoken } = await temporaryKey();
  const variables = { ...where, HW_ACCESS_KEY: access, HW_SECRET_KEY: secret };
  expect(ids(await list({ ...variables, HW_SECURITY_TOKEN: securitytoken }))).toEqual(images);
  const error = (await rejection(list(variables))) as ApiError;
  expect(error).toBeInstanceOf(ApiError);
  expect(error.status).toBe(401);
});
