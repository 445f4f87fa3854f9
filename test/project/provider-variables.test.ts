import { readFileSync } from "node:fs";
import { join } from "node:path";
import { locate } from "../../src/project/location";
import { PROVIDER_VARIABLES, type ProviderArgument, setting } from "../../src/project/provider-variables";
import { ROOT } from "../support/project";

test.each(Object.keys(PROVIDER_VARIABLES) as ProviderArgument[])(
  "of the variables for %s the first that is not empty decides",
  (name) => {
    const names = PROVIDER_VARIABLES[name];
    const variables: Record<string, string> = Object.fromEntries(names.map((from) => [from, `of ${from}`]));
    for (const from of names) {
      expect(setting(name, variables)).toEqual({ value: `of ${from}`, from });
      variables[from] = "";
    }
    expect(setting(name, variables)).toBeUndefined();
  },
);

test("the table in docs/credentials.md names every argument and its variables", () => {
  const text = readFileSync(join(ROOT, "docs/credentials.md"), "utf8");
  const [, table = ""] = /<!-- provider variables -->\n(.*?)<!-- end -->/s.exec(text) ?? [];
  const rows = [...table.matchAll(/^\| ([\w ]+) \| (.*) \|$/gm)].slice(1);
  const documented = rows.map(([, argument = "", names = ""]) => [
    argument.replaceAll(" ", "").toLowerCase(),
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]);
  expect(documented).toEqual(
    Object.entries(PROVIDER_VARIABLES).map(([argument, names]) => [argument.toLowerCase(), names]),
  );
});

test.each<[Record<string, string>, object]>([
  [{ HW_PROJECT_ID: "1", OS_PROJECT_ID: "2", OS_TENANT_ID: "3" }, { projectId: "1" }],
  [{ HW_PROJECT_ID: "", OS_PROJECT_ID: "2", OS_TENANT_ID: "3" }, { projectId: "2" }],
  [{ OS_TENANT_ID: "3" }, { projectId: "3" }],
  [{ HW_PROJECT_NAME: "1", OS_PROJECT_NAME: "2", OS_TENANT_NAME: "3" }, { projectName: "1" }],
  [{ OS_PROJECT_NAME: "2", OS_TENANT_NAME: "3" }, { projectName: "2" }],
  [{ OS_TENANT_NAME: "3" }, { projectName: "3" }],
  [{ OS_TENANT_NAME: "" }, { projectName: "cn-north-4" }],
  [{ OS_AUTH_URL: "https://iam.example/v3" }, { iamUrl: "https://iam.example" }],
  [
    { HW_AUTH_URL: "https://a.example/v3", OS_AUTH_URL: "https://b.example/v3" },
    { iamUrl: "https://a.example" },
  ],
  [{ HW_CLOUD: "cloud.example" }, { iamUrl: "https://iam.cn-north-4.cloud.example" }],
])("the variables %j lead to %j", (variables, place) => {
  expect(locate({ name: "dev" }, { OS_REGION_NAME: "cn-north-4", ...variables })).toMatchObject(place);
});
