import { ApiError } from "../../../src";
import { rejection } from "../../support/errors";
import { ids, list } from "../support";
import { emulator, images, password, user, where } from "./support";

test("a user name and password give a token", async () => {
  expect(ids(await list(password))).toEqual(images);
  const error = await rejection(list({ ...password, HW_USER_PASSWORD: "something-else" }));
  expect(error).toBeInstanceOf(ApiError);
  expect(error.message).toContain("The username or password is wrong");
  expect(error.message).toContain("The credentials came from HW_USER_NAME and HW_USER_PASSWORD");
});

test("a user ID needs no domain, and a domain may be named by its ID", async () => {
  const { HW_USER_PASSWORD } = password;
  const byId = { ...where, HW_USER_PASSWORD, HW_USER_ID: user.id };
  expect(ids(await list(byId))).toEqual(images);
  const byDomain = { ...where, HW_USER_PASSWORD, OS_USERNAME: user.name, OS_DOMAIN_ID: user.domainId };
  expect(ids(await list(byDomain))).toEqual(images);
  expect(emulator.requests.filter(({ status }) => status >= 400)).toEqual([]);
});
