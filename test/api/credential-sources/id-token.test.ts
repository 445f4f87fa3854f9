import { join } from "node:path";
import { ROOT, run, TestProject } from "../../support/project";
import { asked, ids, list, REGION } from "../support";
import { ASSUME, agency, emulator, homeFile, idp, images, where } from "./support";

test("an ID token in a variable gives temporary keys", async () => {
  const variables = {
    ...where,
    HW_ASSUME_ROLE_IDP_ID: idp.id,
    HW_ASSUME_ROLE_ID_TOKEN: idp.idToken,
    HW_ASSUME_ROLE_DOMAIN_ID: agency.domainId,
  };
  expect(ids(await list(variables))).toEqual(images);
  expect(asked(emulator, "iam")).toEqual(["POST /v3.0/OS-AUTH/id-token/tokens", ASSUME, "GET /v3/projects"]);
});

test("an ID token in a file gives temporary keys", async () => {
  const HW_ASSUME_ROLE_ID_TOKEN_FILE = homeFile(`${idp.idToken}\n`, "id-token");
  const variables = { ...where, HW_ASSUME_ROLE_IDP_ID: idp.id, HW_ASSUME_ROLE_ID_TOKEN_FILE };
  expect(ids(await list(variables))).toEqual(images);
});

test("an ID token in a pipe of the shell gives temporary keys", async () => {
  const project = new TestProject({ dev: { region: REGION } });
  const line = 'HW_ASSUME_ROLE_ID_TOKEN_FILE=<(sleep 0.3; echo "$ID_TOKEN") exec "$NODE" "$CLI" list --json';
  const { stdout, stderr } = await run("bash", ["-c", line], {
    cwd: project.directory,
    variables: {
      ...(where as Record<string, string>),
      HW_ASSUME_ROLE_IDP_ID: idp.id,
      ID_TOKEN: idp.idToken,
      NODE: process.execPath,
      CLI: join(ROOT, "lib/cli/index.js"),
    },
  });
  expect(stderr).toBe("");
  expect(ids(JSON.parse(stdout).dev)).toEqual(images);
}, 60_000);
