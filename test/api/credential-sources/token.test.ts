import { asked, ids, list, withServer } from "../support";
import { emulator, images, token, user, where } from "./support";

test("a token that the user has is sent as it is", async () => {
  const HW_AUTH_TOKEN = await token();
  expect(ids(await list({ ...where, HW_AUTH_TOKEN }))).toEqual(images);
  expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
});

test("a token that is larger than most servers' headers is sent as it is", async () => {
  const large = "T".repeat(100_000);
  const received: unknown[] = [];
  await withServer(
    (request, response) => {
      received.push(request.headers["x-auth-token"]);
      if (request.method === "POST") response.writeHead(201, { "x-subject-token": large });
      response.end(
        JSON.stringify(
          request.method === "POST"
            ? { token: { expires_at: "2999-01-01T00:00:00Z" } }
            : { projects: [{ id: "p" }], images: [] },
        ),
      );
    },
    (url) =>
      list({
        ...where,
        HW_AUTH_URL: `${url}/v3`,
        WORKSPACE_IMAGES_ENDPOINT: url,
        HW_USER_NAME: user.name,
        HW_USER_PASSWORD: user.password,
        HW_DOMAIN_NAME: user.domainName,
      }),
  );
  expect(received).toEqual([undefined, large, large]);
});
