import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { generate } from "selfsigned";
import { type EnvironmentConfig, WorkspaceImagesError } from "../../src";
import { Secret } from "../../src/api/secret";
import { WorkspaceApi } from "../../src/api/workspace-client";
import type { EmulatedAccount, Fault } from "../../src/emulator";
import { WorkspaceEmulator } from "../../src/emulator";
import { locate } from "../../src/project/location";
import { temporaryKeyOf, tokenOf, withServer } from "../api/support";
import { rejection } from "../support/errors";
import { ROOT, TestProject } from "../support/project";

const REGION = "cn-north-4";

/** Every secret has a mark that stands nowhere else, so that a part of one is found too. */
const ACCOUNT: EmulatedAccount = {
  accessKey: "MARKEDACCESSKEY00001",
  secretKey: "canary-secret-key-abcdefghijklmnop",
  // Written otherwise in JSON, in a URL and in HTML.
  user: { name: "user", password: 'canary"pass\\word/<&> +%ü', domainName: "domain" },
  agency: { agencyName: "agency", domainName: "domain", domainId: "0123456789abcdef0123456789abcdef" },
  idp: { id: "idp", idToken: "eyJcanary-id-token.abcdefghijklmnop" },
};
/** What the emulator issues is marked as well. */
const MARKS = /canary|emulated\S{1,8}(secret|security|token)/i;
/** Ways of repeating a text in which no mark is seen as it is. */
const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  "decimal numbers": (text) => [...Buffer.from(text)].join(","),
  "hexadecimal numbers": (text) => [...Buffer.from(text)].map((byte) => `0x${byte.toString(16)}`).join(" "),
  "hexadecimal digits": (text) => Buffer.from(text).toString("hex"),
  "octal escapes": (text) => [...Buffer.from(text)].map((byte) => `\\${byte.toString(8)}`).join(""),
  "mail's quoting": (text) => [...Buffer.from(text)].map((byte) => `=${byte.toString(16)}`).join(""),
  backwards: (text) => [...text].reverse().join(""),
};
const SPELT_MARKS = ["canary", "emulated"].flatMap((mark) =>
  Object.values(SPELLINGS).map((spell) => spell(mark)),
);

/** Where a secret, or a part of one, shows in a text. */
function leaks(text: string): string[] {
  const encoded = [ACCOUNT.secretKey, ACCOUNT.user.password, ACCOUNT.idp.idToken].flatMap((secret) =>
    [secret, `user:${secret}`].map((form) => Buffer.from(form).toString("base64").replace(/=+$/, "")),
  );
  return text
    .split("\n")
    .filter((line) => MARKS.test(line) || [...encoded, ...SPELT_MARKS].some((form) => line.includes(form)))
    .map((line) => line.slice(0, 300));
}

type Variables = Readonly<Record<string, string>>;

/** Every source of credentials, with nothing else set. */
const SOURCES: Record<string, (emulator: WorkspaceEmulator, home: string) => Promise<Variables> | Variables> =
  {
    token: async (emulator) => ({ HW_AUTH_TOKEN: await tokenOf(emulator, ACCOUNT.user) }),
    "access key": () => ({ HW_ACCESS_KEY: ACCOUNT.accessKey, HW_SECRET_KEY: ACCOUNT.secretKey }),
    "access key with security token": async (emulator) => {
      const { access, secret, securitytoken } = await temporaryKeyOf(emulator);
      return { HW_ACCESS_KEY: access, HW_SECRET_KEY: secret, HW_SECURITY_TOKEN: securitytoken };
    },
    password: () => ({
      HW_USER_NAME: "user",
      HW_USER_PASSWORD: ACCOUNT.user.password,
      HW_DOMAIN_NAME: "domain",
    }),
    "shared file": (_, home) => ({
      HW_SHARED_CONFIG_FILE: file(home, "shared.json", {
        current: "a",
        profiles: [{ name: "a", accessKeyId: ACCOUNT.accessKey, secretAccessKey: ACCOUNT.secretKey }],
      }),
    }),
    "single sign-on": async (emulator, home) => {
      const { access, secret, securitytoken } = await temporaryKeyOf(emulator);
      const stsToken = { accessKeyId: access, secretAccessKey: secret, securityToken: securitytoken };
      return {
        HW_SHARED_CONFIG_FILE: file(home, "sso.json", {
          current: "a",
          profiles: [{ name: "a", mode: "SSO", ssoAuth: { stsToken } }],
        }),
      };
    },
    metadata: (emulator) => ({ WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url }),
    OIDC: () => ({ HW_ASSUME_ROLE_IDP_ID: "idp", HW_ASSUME_ROLE_ID_TOKEN: ACCOUNT.idp.idToken }),
    "OIDC with a file": (_, home) => ({
      HW_ASSUME_ROLE_IDP_ID: "idp",
      HW_ASSUME_ROLE_ID_TOKEN_FILE: file(home, "id-token", ACCOUNT.idp.idToken),
    }),
    "agency on a password": () => ({
      HW_USER_NAME: "user",
      HW_USER_PASSWORD: ACCOUNT.user.password,
      HW_DOMAIN_NAME: "domain",
      HW_ASSUME_ROLE_AGENCY_NAME: "agency",
      HW_ASSUME_ROLE_DOMAIN_NAME: "domain",
    }),
  };

function file(home: string, name: string, content: unknown): string {
  const path = join(home, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The text of every file below a folder. */
function filesIn(folder: string): string {
  if (!existsSync(folder)) return "";
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path, "latin1")}`)
    .join("\n");
}

/** Every way in which an error may be shown. */
function shown(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return [
    message,
    stack,
    String(cause),
    (cause as Error | undefined)?.stack,
    JSON.stringify(error),
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
  ].join("\n");
}

/** An emulator, and a project with folders of its own, in which programs run with all debug output. */
class World {
  static async start(tls?: { cert: string; key: string }): Promise<World> {
    return new World(await WorkspaceEmulator.start({ account: ACCOUNT, maxLimit: 10, ...(tls && { tls }) }));
  }

  readonly home = mkdtempSync(join(tmpdir(), "workspace-images-home-"));
  readonly project: TestProject;

  private constructor(readonly emulator: WorkspaceEmulator) {
    const environments: Record<string, EnvironmentConfig> = {
      dev: { region: REGION },
      prod: { region: REGION, projectName: REGION },
      far: { region: "cn-south-1" },
    };
    this.project = new TestProject(environments, {
      app: `${process.execPath} app.cjs`,
      context: { workspaceImages: { environments } },
    });
    this.project.write("app.cjs", APP);
  }

  async variables(source: string): Promise<Variables> {
    return {
      HOME: this.home,
      HW_AUTH_URL: `${this.emulator.url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: this.emulator.url,
      HW_MAX_RETRIES: "1",
      NODE_DEBUG: "*",
      NODE_PATH: join(ROOT, "node_modules"),
      ...(await SOURCES[source]?.(this.emulator, this.home)),
    };
  }

  /** What a run printed, and all that it left in files. */
  traces({ stdout, stderr }: { stdout: string; stderr: string }): string {
    return [stdout, stderr, filesIn(this.project.directory)].join("\n");
  }

  close(): Promise<void> {
    return this.emulator.close();
  }
}

const APP = `
const { App, TerraformStack } = require("cdktf");
const { inspect } = require("node:util");
async function synthesize(outdir) {
  const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require(${JSON.stringify(ROOT)});
  try {
    const app = new App({ outdir });
    const catalog = await WorkspaceImageCatalog.prefetch(app);
    for (const environment of ["dev", "prod"]) {
      new DataHuaweicloudWorkspaceImage(new TerraformStack(app, environment), "office", {
        environment, imageType: "gold", nameRegex: "^Windows_11_Enterprise_24H2", mostRecent: true,
      });
    }
    app.synth();
    console.log(inspect(catalog, { depth: Infinity, showHidden: true }));
    console.log("synthesized");
  } catch (error) {
    console.error(inspect(error, { depth: Infinity, showHidden: true }));
    process.exitCode = 3;
  }
}
if (!process.env.RUNS) void synthesize();
`;

/** What ends a run's part of what is printed. */
const END = "\u0000end of a run\n";

/** Synthesizes once for each of RUNS, each time with a library that was loaded anew and knows no secret yet. */
const APP_OF_RUNS = `${APP}
const fs = require("node:fs");
(async () => {
  for (const { outdir, endpoint, drop } of JSON.parse(process.env.RUNS)) {
    if (drop) fs.rmSync(drop);
    for (const path of Object.keys(require.cache)) {
      if (path.startsWith(${JSON.stringify(join(ROOT, "lib"))})) delete require.cache[path];
    }
    process.env.WORKSPACE_IMAGES_ENDPOINT = endpoint;
    await synthesize(outdir);
    for (const stream of [1, 2]) fs.writeSync(stream, ${JSON.stringify(END)});
  }
})();
`;

test("the search finds every secret, and parts of them", () => {
  for (const secret of [ACCOUNT.secretKey, ACCOUNT.user.password, ACCOUNT.idp.idToken]) {
    expect(leaks(`x ${secret} y`)).toHaveLength(1);
    expect(leaks(`x ${secret.slice(0, 14)} y`)).toHaveLength(1);
    expect(leaks(`x ${encodeURIComponent(secret)} y`)).toHaveLength(1);
    expect(leaks(`x ${Buffer.from(secret).toString("base64")} y`)).toHaveLength(1);
    for (const spell of Object.values(SPELLINGS)) expect(leaks(`x ${spell(secret)} y`)).toHaveLength(1);
  }
  expect(leaks("emulator-secret, a token")).toEqual([]);
});

describe("a synth", () => {
  test.concurrent.each(Object.keys(SOURCES).map((source) => [source]))(
    "with credentials from %s leaves no secret in outputs, lock files and cdktf.out, refused or not",
    async (source) => {
      const world = await World.start();
      const variables = await world.variables(source);
      try {
        // A service that refuses answers with all that was sent.
        const { stdout, stderr } = await withEcho("service", (echo) => {
          const RUNS = JSON.stringify([
            { outdir: "refused", endpoint: echo },
            { outdir: "listed", endpoint: world.emulator.url },
            // With pins of one environment and none of the other, what fails is said beside what is pinned.
            { outdir: "refused-again", endpoint: echo, drop: "workspace-images/prod.lock.json" },
          ]);
          return world.project.script(APP_OF_RUNS, { ...variables, RUNS });
        });
        const [withoutPins, listed, withPins, ...rest] = stderr.split(END);
        expect(rest).toHaveLength(1);
        for (const refused of [withoutPins, withPins]) {
          expect(refused).toMatch(/the images could not be listed\. .* was refused: 403 echo/);
        }
        expect(listed).not.toContain("could not be listed");
        expect(stdout.match(/^synthesized$/gm)).toHaveLength(1);

        const traces = world.traces({ stdout, stderr });
        // All that is searched is there.
        for (const trace of [
          "dev.lock.json",
          "listed/stacks/dev/cdk.tf.json",
          "WORKSPACE-IMAGES ",
          "FETCH ",
        ]) {
          expect(traces).toContain(trace);
        }
        expect(leaks(traces)).toEqual([]);
      } finally {
        await world.close();
      }
    },
  );

  test("over TLS and through a proxy with a password leaves no secret either", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "emulator" }], {
      keyType: "ec",
      algorithm: "sha256",
    });
    const world = await World.start({ cert, key });
    // What is sent goes to loopback past the proxy, so that a second run must try the proxy for a name.
    const variables = { ...(await world.variables("password")), HW_INSECURE: "true" };
    const proxied = {
      ...variables,
      HTTPS_PROXY: "http://user:canary-proxy-password@127.0.0.1:9",
      WORKSPACE_IMAGES_ENDPOINT: "",
      HW_AUTH_URL: "",
      HW_CLOUD: "cloud.invalid",
    };
    const direct = await world.project.script(APP, variables);
    const refused = await world.project.program(["list"], proxied);
    await world.close();
    expect(direct.stdout).toContain("synthesized");
    expect(refused.stderr).toContain("HTTPS_PROXY");
    expect(leaks(world.traces(direct) + world.traces(refused))).toEqual([]);
  }, 60_000);
});

describe("the command", () => {
  const COMMANDS = [
    ["list"],
    ["list", "--json"],
    ["pins"],
    ["outdated"],
    ["update", "--all-environments"],
    ["promote", "dev", "prod"],
    ["verify", "--json"],
    ["prune", "--dry-run"],
  ];
  let world: World;
  let variables: Variables;
  beforeAll(async () => {
    world = await World.start();
    variables = await world.variables("agency on a password");
    expect((await world.project.script(APP, variables)).code).toBe(0);
  }, 60_000);
  afterAll(() => world.close());
  afterEach(() => world.emulator.heal());

  test.each(COMMANDS.map((args) => [args.join(" "), args] as const))(
    "%s leaves no secret where it succeeds",
    async (_, args) => {
      // Where asked for, Node itself prints the variables of a process that is started.
      const NODE_DEBUG = args[0] === "prune" ? "workspace-images,undici,fetch,http,net,tls" : "*";
      const run = await world.project.program(args, { ...variables, NODE_DEBUG });
      expect(run.code).toBe(0);
      expect(leaks(world.traces(run))).toEqual([]);
    },
  );

  test.each(["list", "outdated", "update --json --env dev", "promote dev far", "verify"])(
    "%s leaves no secret where it is refused",
    async (command) => {
      await withEcho("iam", async (url) => {
        const run = await world.project.program(command.split(" "), {
          ...variables,
          HW_AUTH_URL: `${url}/v3`,
        });
        expect(run.code).toBe(2);
        expect(run.stderr).toContain("echo");
        expect(leaks(world.traces(run))).toEqual([]);
      });
    },
  );

  test.each<[string, Omit<Fault, "on">]>([
    ["cut off", { body: "truncated" }],
    ["cut off in gzip", { body: "truncated-gzip" }],
    ["reset", { reset: "during" }],
    ["of another shape", { edit: (json) => ({ credential: 7, answer: json }) }],
    ["without an end", { edit: (json) => ({ ...(json as object), token: { expires_at: "canary" } }) }],
    ["redirected", { redirect: "https://user:canary@cloud.invalid/canary?token=canary" }],
  ])("list leaves no secret where IAM's answer is %s", async (_, fault) => {
    world.emulator.inject({ ...fault, on: "iam" });
    const run = await world.project.program(["list", "--json"], variables);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("error");
    expect(leaks(world.traces(run))).toEqual([]);
  });

  test("emulate prints the variables to use, and no more of what it knows", async () => {
    const { code, stderr, stdout } = await world.project.program(["emulate", "--port", "99999"], variables);
    expect(code).toBe(2);
    expect(leaks(stdout + stderr)).toEqual([]);
  });
});

const ECHOES = [
  "service",
  "gateway",
  "iam",
  "html",
  "escaped html",
  "base64",
  "lower-case percent",
  "escaped JSON",
  "HTML references",
  "wrapped",
  "truncated",
  "spelt otherwise",
  "text",
  "json",
  "headers",
  "no HTTP",
] as const;

/** How a server repeats what it was sent, in an answer that is an error. */
function echo(
  form: (typeof ECHOES)[number],
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
) {
  const sent = `${JSON.stringify(request.headers)} ${body} ${Object.values(request.headers).join(" ")}`;
  const inJson = [...sentValues(body), sent].join(" ");
  const json = (value: unknown, status: number) => response.writeHead(status).end(JSON.stringify(value));
  switch (form) {
    case "service":
      return json(
        {
          error_code: `echo ${inJson}`,
          error_msg: `echo ${inJson}`,
          error_detail: inJson,
          encoded_authorization_message: inJson,
        },
        403,
      );
    case "gateway":
      return json({ error_code: "echo", error_msg: inJson, request_id: inJson }, 400);
    case "iam":
      return json({ error: { code: `echo ${inJson}`, message: `echo ${inJson}`, title: inJson } }, 401);
    case "html":
      return response.writeHead(200, { "content-type": "text/html" }).end(`<p>echo ${sent}`);
    case "escaped html": {
      const entities: Record<string, string> = {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
      };
      const escaped = inJson.replace(/[&<>"']/g, (character) => entities[character] ?? "");
      return response.writeHead(500, { "content-type": "text/html" }).end(`<p>echo ${escaped}`);
    }
    case "base64": {
      const values = [...sentValues(body), ...Object.values(request.headers)].map(String);
      const encoded = values.map((value) => Buffer.from(`user:${value}`).toString("base64")).join(" ");
      return json({ error_code: "echo", error_msg: encoded }, 400);
    }
    case "lower-case percent": {
      const escaped = encodeURIComponent(inJson).replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase());
      return json({ error_code: "echo", error_msg: escaped }, 403);
    }
    case "escaped JSON": {
      const escaped = (text: string) =>
        text.replace(/[^\w\s]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
      return response
        .writeHead(403)
        .end(`{"error":{"code":"echo","message":"${escaped(inJson)}"},${escaped(inJson)}`);
    }
    case "HTML references":
      return json(
        {
          error_code: "echo",
          error_msg: inJson.replace(/[^\w\s]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
        },
        401,
      );
    case "wrapped":
      return json({ error_code: "echo", error_msg: inJson.replace(/.{19}/g, "$&\r\n ") }, 400);
    case "truncated": {
      const values = [...sentValues(body), ...Object.values(request.headers)].map(String);
      // Where a value begins in clear, all the rest of it is missing.
      return json(
        { error_code: "echo", error_msg: values.map((value) => `${value.slice(0, 20)}…`).join(" ") },
        400,
      );
    }
    case "spelt otherwise": {
      const values = [...sentValues(body), ...Object.values(request.headers)].map(String);
      // Each short enough to be quoted, and a new one for every field that is.
      const longest = values.filter((value) => MARKS.test(value)).map((value) => value.slice(0, 60));
      const [error_code, error_msg, error_detail, encoded_authorization_message, request_id, id] =
        Object.values(SPELLINGS).map((spell) => longest.map(spell).join(" "));
      const fields = { error_msg, error_detail, encoded_authorization_message, request_id };
      return response
        .writeHead(403, { "x-request-id": id ?? "" })
        .end(JSON.stringify({ error_code: `echo ${error_code}`, ...fields }));
    }
    case "text":
      return response.writeHead(500).end(`echo ${sent}`);
    case "json":
      return json({ echo: inJson, [inJson]: { token: inJson, credential: inJson, images: inJson } }, 200);
    case "no HTTP":
      return response.socket?.end(`HTTP/1.1 ${inJson}\r\n\r\n`);
    case "headers": {
      // As bytes, in the only way in which Node sends them.
      const value = Buffer.from(inJson).toString("latin1");
      const headers = { "x-request-id": value, "content-type": value, location: value, "retry-after": value };
      return response.writeHead(418, { ...headers, "content-encoding": "identity" }).end("echo");
    }
  }
}

/** The texts of a JSON body, as a server has them that parsed it. */
function sentValues(body: string): string[] {
  const texts: string[] = [];
  if (body) JSON.parse(body, (_, value) => typeof value === "string" && texts.push(value));
  return texts;
}

/** A server that repeats whatever it is sent, while `work` runs. */
function withEcho<T>(form: (typeof ECHOES)[number], work: (url: string) => Promise<T>): Promise<T> {
  return withServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => echo(form, request, body, response));
  }, work);
}

describe("error objects", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.close());
  afterEach(() => world.emulator.heal());

  /** Lists, and gives the error. */
  async function failure(variables: Variables): Promise<unknown> {
    const api = new WorkspaceApi({ variables, limits: { backoff: 5, total: 20_000 } });
    try {
      return await rejection(api.client(locate({ name: "dev", region: REGION }, variables)).listImages());
    } finally {
      await api.close();
    }
  }

  test.each(Object.keys(SOURCES).flatMap((source) => ECHOES.map((form) => [source, form] as const)))(
    "hold no secret: %s, repeated as %s",
    async (source, form) => {
      const variables = await world.variables(source);
      await withEcho(form, async (url) => {
        for (const place of [
          { WORKSPACE_IMAGES_ENDPOINT: url },
          { HW_AUTH_URL: `${url}/v3` },
          { WORKSPACE_IMAGES_METADATA_ENDPOINT: url },
        ]) {
          if (place.WORKSPACE_IMAGES_METADATA_ENDPOINT && source !== "metadata") continue;
          const error = await failure({ ...variables, ...place });
          expect(error).toBeInstanceOf(WorkspaceImagesError);
          expect(leaks(shown(error))).toEqual([]);
        }
      });
    },
  );

  test.each<[string, Omit<Fault, "on">]>([
    ["cut off", { body: "truncated" }],
    ["cut off in gzip", { body: "truncated-gzip" }],
    ["reset", { reset: "during" }],
    ["an error that quotes an answer", { status: 500, edit: () => "canary" }],
    ["of another shape", { edit: (json) => [json] }],
    ["a wrong type", { edit: () => ({ credential: { access: "canary", secret: ["canary"] } }) }],
    ["redirected", { redirect: "https://user:canary@cloud.invalid/canary?token=canary" }],
  ])("hold no secret of an answer of IAM that is %s", async (_, fault) => {
    for (const source of ["password", "OIDC", "agency on a password", "metadata"]) {
      world.emulator.inject({ ...fault, on: source === "metadata" ? "metadata" : "iam" });
      const error = await failure(await world.variables(source));
      world.emulator.heal();
      expect(error).toBeInstanceOf(WorkspaceImagesError);
      expect(leaks(shown(error))).toEqual([]);
    }
  });

  test.each<[string, (home: string) => Variables]>([
    [
      "a damaged shared file",
      (home) => ({ HW_SHARED_CONFIG_FILE: file(home, "a.json", `{"profiles":[{"secretAccessKey":"canary"`) }),
    ],
    [
      "a shared file of another shape",
      (home) => ({
        HW_SHARED_CONFIG_FILE: file(home, "a.json", {
          current: "a",
          profiles: [{ name: "a", secretAccessKey: ["canary"] }],
        }),
      }),
    ],
    [
      "an encrypted shared file",
      (home) => ({
        HW_SHARED_CONFIG_FILE: file(home, "a.json", {
          current: "a",
          profiles: [{ name: "a", accessKeyId: "canary+/==", secretAccessKey: "canary" }],
        }),
      }),
    ],
    ["half a key", () => ({ HW_SECRET_KEY: ACCOUNT.secretKey })],
    ["half a user", () => ({ HW_USER_PASSWORD: ACCOUNT.user.password })],
    ["a user without a domain", () => ({ HW_USER_NAME: "u", HW_USER_PASSWORD: ACCOUNT.user.password })],
    ["an ID token without its provider", () => ({ HW_ASSUME_ROLE_ID_TOKEN: ACCOUNT.idp.idToken })],
    [
      "an ID token in the wrong variable",
      () => ({ HW_ASSUME_ROLE_IDP_ID: "idp", HW_ASSUME_ROLE_ID_TOKEN_FILE: ACCOUNT.idp.idToken }),
    ],
    [
      "a wrong password",
      () => ({ HW_USER_NAME: "user", HW_USER_PASSWORD: "canary-wrong", HW_DOMAIN_NAME: "domain" }),
    ],
    ["a wrong secret", () => ({ HW_ACCESS_KEY: ACCOUNT.accessKey, HW_SECRET_KEY: "canary-wrong" })],
    ["a secret that is no header", () => ({ HW_AUTH_TOKEN: "canary\ntoken" })],
    [
      "a security token that is no header",
      () => ({ HW_ACCESS_KEY: "A", HW_SECRET_KEY: "canary", HW_SECURITY_TOKEN: "canary\u0000" }),
    ],
  ])("hold no secret of %s", async (_, source) => {
    const { HOME, HW_AUTH_URL, WORKSPACE_IMAGES_ENDPOINT } = (await world.variables("")) as Record<
      string,
      string
    >;
    const error = await failure({
      HOME: String(HOME),
      HW_AUTH_URL: String(HW_AUTH_URL),
      WORKSPACE_IMAGES_ENDPOINT: String(WORKSPACE_IMAGES_ENDPOINT),
      WORKSPACE_IMAGES_METADATA_ENDPOINT: "http://127.0.0.1:9",
      ...source(world.home),
    });
    expect(error).toBeInstanceOf(WorkspaceImagesError);
    expect(leaks(shown(error))).toEqual([]);
  });
});

test("the objects of a run print no secret", async () => {
  const world = await World.start();
  const proxy = { HTTPS_PROXY: "http://user:canary-proxy-password@127.0.0.1:9" };
  for (const source of ["access key", "password", "agency on a password"]) {
    const variables = { ...(await world.variables(source)), ...proxy };
    const api = new WorkspaceApi({ variables });
    const client = api.client(locate({ name: "dev", region: REGION }, variables));
    await client.listImages();
    // Deeper, it is undici's and Node's connections that are shown, which makes gigabytes.
    for (const object of [api, client])
      expect(leaks(inspect(object, { depth: 5, showHidden: true }))).toEqual([]);
    await api.close();
  }
  await world.close();
});

test("a secret prints as redacted, however it is shown", () => {
  const secret = new Secret("canary-of-a-secret");
  const nested = { list: [secret], map: new Map([["key", secret]]), error: new Error(`${secret}`) };
  const texts = [
    `${secret}`,
    String(secret),
    JSON.stringify(nested),
    inspect(nested, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    inspect(secret, { customInspect: false, showHidden: true }),
    Object.values(secret).join(),
  ];
  for (const text of texts) expect(leaks(text)).toEqual([]);
  expect(texts[0]).toBe("[redacted]");
  expect(secret.reveal()).toBe("canary-of-a-secret");
});
