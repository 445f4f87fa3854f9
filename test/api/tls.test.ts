import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import { ConfigurationError, ConnectionError } from "../../src";
import { Http } from "../../src/api/http";
import { DEFAULT_ACCOUNT, WorkspaceEmulator } from "../../src/emulator";
import { rejection } from "../support/errors";
import { TestProject } from "../support/project";
import { openServer } from "../support/server";
import { answering, get, ok } from "./requests";
import { asked, ids, LIMITS, list, REGION, withServer } from "./support";

describe("certificates", () => {
  const HOST = `workspace.${REGION}.myhuaweicloud.com`;
  let emulator: WorkspaceEmulator;
  /** PEM file of the authority that the emulator's certificate is of. */
  let authority: string;

  beforeAll(async () => {
    const extensions = [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: HOST },
          { type: 2, value: `iam.${REGION}.myhuaweicloud.com` },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "0.0.0.0" },
        ],
      },
    ];
    const { cert, private: key } = await generate([{ name: "commonName", value: HOST }], {
      keyType: "ec",
      algorithm: "sha256",
      extensions: extensions as never,
    });
    emulator = await WorkspaceEmulator.start({ tls: { cert, key } });
    authority = join(mkdtempSync(join(tmpdir(), "workspace-images-ca-")), "ca.pem");
    writeFileSync(authority, cert);
  });
  afterAll(() => emulator.close());
  beforeEach(() => {
    emulator.requests.length = 0;
  });

  test("of an unknown authority are refused, with what to set", async () => {
    const error = await rejection(list(emulator.variables));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain("its certificate is not trusted");
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    expect(emulator.requests).toEqual([]);
  });

  test("are not checked with HW_INSECURE, which warns once", async () => {
    const warnings: string[] = [];
    const http = new Http({
      variables: { HW_INSECURE: "true" },
      onWarning: (message) => warnings.push(message),
    });
    for (let request = 0; request < 2; request++) {
      await http.send({ method: "GET", url: `${emulator.url}/openstack/latest/securitykey` });
    }
    await http.close();
    expect(warnings).toEqual([
      "HW_INSECURE is set: certificates are not checked, so that anyone on the way can read and change what is sent.",
    ]);
    expect(ids(await list({ ...emulator.variables, HW_INSECURE: "1" }))).toEqual(
      ids(emulator.images(REGION)),
    );
    const error = await rejection(list({ ...emulator.variables, HW_INSECURE: "maybe" }));
    expect(error).toBeInstanceOf(ConfigurationError);
  });

  test("are checked with HW_INSECURE=false", async () => {
    expect(await rejection(list({ ...emulator.variables, HW_INSECURE: "false" }))).toBeInstanceOf(
      ConnectionError,
    );
  });

  test.each(["a file", "its text"])(
    "of an own authority are trusted through OS_CACERT, which is %s",
    async (form) => {
      const OS_CACERT = form === "a file" ? authority : readFileSync(authority, "utf8");
      expect(ids(await list({ ...emulator.variables, OS_CACERT }))).toEqual(ids(emulator.images(REGION)));
    },
  );

  test.each([
    ["OS_CACERT", "/nowhere/canary.pem", "The file that OS_CACERT names does not exist"],
    ["OS_CACERT", "/", "The file that OS_CACERT names cannot be read: it is a folder, not a file"],
    ["OS_CACERT", "-----BEGIN CERTIFICATE-----\ncanary", "OS_CACERT cannot be used"],
  ])("of %s=%j are refused by name before anything is sent", async (name, value, message) => {
    const error = await rejection(list({ ...emulator.variables, [name]: value }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("canary");
    expect(emulator.requests).toEqual([]);
  });

  test("of this client are shown through OS_CERT and OS_KEY, both together", async () => {
    const own = await generate([{ name: "commonName", value: "client" }], {
      keyType: "ec",
      algorithm: "sha256",
    });
    const shown: (string | undefined)[] = [];
    const server = createTlsServer(
      {
        ...(await generate([{ name: "commonName", value: "server" }], {
          keyType: "ec",
          algorithm: "sha256",
        }).then(({ cert, private: key }) => ({ cert, key }))),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
        ok(response);
      },
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const HW_INSECURE = "true";
    await get(url, { variables: { HW_INSECURE, OS_CERT: own.cert, OS_KEY: own.private } });
    await get(url, { variables: { HW_INSECURE, OS_CERT: own.cert } });
    server.closeAllConnections();
    server.close();
    expect(shown).toEqual(["client", "undefined"]);
  });

  test("where plain http is spoken give an error that says so", async () => {
    await withServer(answering(ok), async (url) => {
      const error = await rejection(get(url.replace("http:", "https:")));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("it does not speak TLS as it should");
    });
  });

  describe("with the command line", () => {
    const project = new TestProject({ dev: { region: REGION } });
    const cli = (variables: Record<string, string>) =>
      project.program(["list", "--json"], {
        NODE_EXTRA_CA_CERTS: authority,
        HW_ACCESS_KEY: DEFAULT_ACCOUNT.accessKey,
        HW_SECRET_KEY: DEFAULT_ACCOUNT.secretKey,
        ...variables,
      });
    const listed = (stdout: string) => ids(JSON.parse(stdout).dev);

    test("of an own authority are trusted through NODE_EXTRA_CA_CERTS", async () => {
      const { code, stdout, stderr } = await cli(emulator.variables);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
    });

    test("HW_INSECURE warns on standard error", async () => {
      const { stdout, stderr } = await cli({
        ...emulator.variables,
        NODE_EXTRA_CA_CERTS: "",
        HW_INSECURE: "true",
      });
      expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
      expect(stderr).toMatch(/^warning: HW_INSECURE is set/);
    });

    /** A proxy that leads every tunnel to the emulator; `tunnels` are the places that were asked for. */
    async function withProxy<T>(
      work: (port: number, tunnels: { place: string; authorization: string | undefined }[]) => Promise<T>,
      answer = "HTTP/1.1 200 Connection established",
    ): Promise<T> {
      const tunnels: { place: string; authorization: string | undefined }[] = [];
      const sockets = new Set<Socket>();
      const proxy = await openServer((_, response) => response.writeHead(500).end());
      proxy.http.on("connect", (request: IncomingMessage, socket: Socket) => {
        tunnels.push({ place: String(request.url), authorization: request.headers["proxy-authorization"] });
        sockets.add(socket.on("error", () => {}));
        socket.write(answer && `${answer}\r\n\r\n`);
        if (!answer.includes("200")) return;
        const upstream = connect(Number(new URL(emulator.url).port), "127.0.0.1").on("error", () => {});
        sockets.add(upstream);
        socket.pipe(upstream).pipe(socket);
      });
      try {
        return await work(proxy.port, tunnels);
      } finally {
        for (const socket of sockets) socket.destroy();
        await proxy.close();
      }
    }

    test.each(["HTTPS_PROXY", "https_proxy"])("%s is gone through", async (name) => {
      await withProxy(async (port, tunnels) => {
        const { code, stdout } = await cli({ [name]: `http://me:pass%20word@127.0.0.1:${port}` });
        expect(code).toBe(0);
        expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
        const authorization = `Basic ${Buffer.from("me:pass word").toString("base64")}`;
        expect(tunnels).toContainEqual({ place: `${HOST}:443`, authorization });
        expect(tunnels).toContainEqual({ place: `iam.${REGION}.myhuaweicloud.com:443`, authorization });
      });
    });

    test("a proxy makes no certificate good", async () => {
      await withProxy(async (port) => {
        const { code, stderr } = await cli({
          HTTPS_PROXY: `http://127.0.0.1:${port}`,
          NODE_EXTRA_CA_CERTS: "",
        });
        expect(code).toBe(2);
        expect(stderr).toContain("its certificate is not trusted");
        expect(emulator.requests).toEqual([]);
      });
    });

    test("HW_INSECURE holds behind a proxy too", async () => {
      await withProxy(async (port) => {
        const { code } = await cli({
          HTTPS_PROXY: `http://127.0.0.1:${port}`,
          NODE_EXTRA_CA_CERTS: "",
          HW_INSECURE: "true",
        });
        expect(code).toBe(0);
      });
    });

    test("NO_PROXY goes past the proxy", async () => {
      // This machine under a name that is not known as loopback.
      const url = emulator.url.replace("127.0.0.1", "0.0.0.0");
      const direct = { WORKSPACE_IMAGES_ENDPOINT: url, HW_AUTH_URL: `${url}/v3` };
      await withProxy(async (port, tunnels) => {
        const HTTPS_PROXY = `http://127.0.0.1:${port}`;
        expect((await cli({ ...direct, HTTPS_PROXY })).code).toBe(0);
        expect(tunnels).toContainEqual({ place: url.slice("https://".length), authorization: undefined });
        tunnels.length = 0;
        for (const name of ["NO_PROXY", "no_proxy"]) {
          const { code, stdout } = await cli({ ...direct, HTTPS_PROXY, [name]: "other.example.com,0.0.0.0" });
          expect(code).toBe(0);
          expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
        }
        expect(tunnels).toEqual([]);
      });
    });

    test("a proxy that refuses is named", async () => {
      await withProxy(async (port) => {
        const { code, stderr } = await cli({ HTTPS_PROXY: `http://me:secret-canary@127.0.0.1:${port}` });
        expect(code).toBe(2);
        expect(stderr).toContain("the proxy in HTTPS_PROXY did not let the connection through");
        expect(stderr).toContain("407");
        expect(stderr).not.toContain("secret-canary");
      }, "HTTP/1.1 407 Proxy Authentication Required");
    });

    test("a proxy that never answers is not waited for without end", async () => {
      await withProxy(async (port) => {
        const http = new Http({
          variables: { HTTPS_PROXY: `http://127.0.0.1:${port}`, HW_MAX_RETRIES: "0" },
          limits: { ...LIMITS, connect: 200 },
        });
        const error = await rejection(http.send({ method: "GET", url: "https://cloud.invalid/" }));
        await http.close();
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).not.toContain("no complete answer");
      }, "");
    });

    test("a proxy that is not supported is refused by name, before anything is sent", async () => {
      await withProxy(async (port, tunnels) => {
        const { code, stderr } = await cli({ HTTPS_PROXY: "", https_proxy: `socks5://127.0.0.1:${port}` });
        expect(code).toBe(2);
        expect(stderr).toContain("https_proxy names a proxy of the kind socks5://, which is not supported");
        expect(tunnels).toEqual([]);
        expect(emulator.requests).toEqual([]);
      });
    });

    test("errors name the proxy's variable that is used", async () => {
      const { stderr } = await cli({ https_proxy: "127.0.0.1:9" });
      expect(stderr).toContain("or the proxy in https_proxy, right?");
      expect(stderr).not.toContain("HTTPS_PROXY");
    });

    test("a proxy variable that is no URL is refused without being repeated", async () => {
      const { code, stderr } = await cli({ HTTPS_PROXY: "http://me:secret-canary@:port" });
      expect(code).toBe(2);
      expect(stderr).toContain("HTTPS_PROXY is not a proxy's URL");
      expect(stderr).not.toContain("secret-canary");
    });
  });

  test("the loopback is reached past any proxy", async () => {
    const plain = await WorkspaceEmulator.start();
    const variables = {
      ...plain.variables,
      HTTP_PROXY: "http://127.0.0.1:9",
      HTTPS_PROXY: "http://127.0.0.1:9",
    };
    expect(ids(await list(variables))).toEqual(ids(plain.images(REGION)));
    expect(asked(plain, "images").length).toBeGreaterThan(0);
    await plain.close();
  });
});
