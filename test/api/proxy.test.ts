import { ConfigurationError } from "../../src";
import { proxyFor } from "../../src/api/proxy";
import { redact } from "../../src/api/redact";
import { thrown } from "../support/errors";
import type { Variables } from "./support";

const of = (url: string, variables: Variables) => proxyFor(new URL(url), variables);
const WORKSPACE = "https://workspace.cn-north-4.myhuaweicloud.com/v2";

test.each<[Variables, ReturnType<typeof proxyFor>]>([
  [{}, undefined],
  [{ HTTPS_PROXY: "http://p:3128" }, { url: "http://p:3128", from: "HTTPS_PROXY" }],
  [{ https_proxy: "https://p:3128" }, { url: "https://p:3128", from: "https_proxy" }],
  [
    { HTTPS_PROXY: "http://a", https_proxy: "http://b" },
    { url: "http://a", from: "HTTPS_PROXY" },
  ],
  [
    { HTTPS_PROXY: "", https_proxy: "http://b" },
    { url: "http://b", from: "https_proxy" },
  ],
  [{ HTTPS_PROXY: "", https_proxy: "" }, undefined],
  [{ HTTPS_PROXY: "proxy.example.com:3128" }, { url: "http://proxy.example.com:3128", from: "HTTPS_PROXY" }],
  [{ HTTPS_PROXY: "10.0.0.1" }, { url: "http://10.0.0.1", from: "HTTPS_PROXY" }],
  [{ HTTPS_PROXY: "me:pass@p:3128" }, { url: "http://me:pass@p:3128", from: "HTTPS_PROXY" }],
  // That one is for http, which leads to this machine alone.
  [{ HTTP_PROXY: "http://p:3128", http_proxy: "http://p:3128", ALL_PROXY: "http://p:3128" }, undefined],
])("the variables %j lead through %j", (variables, proxy) => {
  expect(of(WORKSPACE, variables)).toEqual(proxy);
});

test.each([
  ["https://localhost:8443/", false],
  ["https://127.0.0.1/", false],
  ["https://127.9.9.9:1/", false],
  ["https://[::1]:1/", false],
  ["https://[::ffff:127.0.0.1]/", false],
  ["https://[::ffff:128.0.0.1]/", true],
  ["http://127.0.0.1:1/", false],
  ["https://localhost.example.com/", true],
  ["https://a.localhost/", true],
  ["https://localhost./", true],
  ["https://128.0.0.1/", true],
])("a proxy leads to %s: %s", (url, isProxied) => {
  expect(of(url, { HTTPS_PROXY: "http://p" }) !== undefined).toBe(isProxied);
});

/** What Go's rules say. */
const EXCEPTIONS: [noProxy: string, excepted: string[], proxied: string[]][] = [
  ["*", ["foo.com", "10.0.0.1", "[2001:db8::1]", "foo.com:8443"], []],
  ["bar.com, *", ["foo.com"], []],
  [
    "foo.com",
    ["foo.com", "bar.foo.com", "a.b.foo.com", "foo.com:8443", "FOO.com"],
    ["xfoo.com", "foo.com.org", "com"],
  ],
  ["FOO.com", ["foo.com"], []],
  [".foo.com", ["bar.foo.com", "a.b.foo.com"], ["foo.com", "xfoo.com"]],
  ["*.foo.com", ["bar.foo.com"], ["foo.com", "xfoo.com"]],
  ["foo.com:8443", ["foo.com:8443", "bar.foo.com:8443"], ["foo.com", "foo.com:1"]],
  ["foo.com:", ["foo.com", "bar.foo.com:8443"], ["xfoo.com"]],
  ["foo.com:https,*foo.com,foo.*", [], ["foo.com", "xfoo.com"]],
  ["foo.com:443", ["foo.com", "foo.com:443"], ["foo.com:8443"]],
  [".foo.com:443", ["bar.foo.com"], ["foo.com", "bar.foo.com:8443"]],
  ["*.foo.com:8443", ["bar.foo.com:8443"], ["foo.com:8443", "bar.foo.com"]],
  ["10.0.0.1", ["10.0.0.1", "10.0.0.1:8443"], ["10.0.0.2", "110.0.0.1"]],
  ["10.0.0.1:8443", ["10.0.0.1:8443"], ["10.0.0.1"]],
  ["10.0.0.0/8", ["10.0.0.1", "10.255.255.255:1"], ["11.0.0.1", "foo.com", "[::1:1]"]],
  ["192.168.1.128/25", ["192.168.1.200"], ["192.168.1.100"]],
  ["0.0.0.0/0", ["8.8.8.8"], ["foo.com", "[2001:db8::1]"]],
  ["2001:db8::/32", ["[2001:db8::1]", "[2001:db8:ffff::1]:8443"], ["[2001:db9::1]", "10.0.0.1"]],
  ["2001:db8::1", ["[2001:db8::1]", "[2001:db8:0:0::1]"], ["[2001:db8::2]"]],
  ["[2001:db8::1]:8443", ["[2001:db8::1]:8443"], ["[2001:db8::1]"]],
  ["[2001:db8::1]:", ["[2001:db8::1]:8443"], ["[2001:db8::2]"]],
  ["10.0.0.0/8", ["[::ffff:10.0.0.1]"], ["[::ffff:11.0.0.1]"]],
  ["10.0.0.1", ["[::ffff:10.0.0.1]"], ["[::ffff:10.0.0.2]"]],
  ["[2001:db8::1],[foo.com]", [], ["[2001:db8::1]", "foo.com"]],
  ["[foo.com]:443", ["foo.com"], ["foo.com:8443"]],
  ["::/0", ["[2001:db8::1]"], ["10.0.0.1", "[::ffff:10.0.0.1]"]],
  ["::ffff:10.0.0.0/104", ["10.0.0.1", "[::ffff:10.0.0.1]"], ["11.0.0.1", "[2001:db8::1]"]],
  [" foo.com ,, bar.com ", ["foo.com", "bar.com"], ["baz.com"]],
  ["", [], ["foo.com"]],
  [",:443,/8,10.0.0.0/99,[],[:1", [], ["foo.com", "10.0.0.1"]],
  ["myhuaweicloud.com", ["iam.cn-north-4.myhuaweicloud.com"], ["iam.eu-west-101.myhuaweicloud.eu"]],
];

test.each(
  EXCEPTIONS.flatMap(([noProxy, excepted, proxied]) => [
    ...excepted.map((host) => [noProxy, host, false] as const),
    ...proxied.map((host) => [noProxy, host, true] as const),
  ]),
)("with NO_PROXY=%j a proxy leads to %s: %s", (NO_PROXY, host, isProxied) => {
  const url = `https://${host}/`;
  expect(of(url, { HTTPS_PROXY: "http://p", NO_PROXY }) !== undefined).toBe(isProxied);
  // Upper case is looked at first, and an empty one is not set.
  expect(of(url, { HTTPS_PROXY: "http://p", NO_PROXY: "", no_proxy: NO_PROXY }) !== undefined).toBe(
    isProxied,
  );
  expect(of(url, { HTTPS_PROXY: "http://p", NO_PROXY: "other.example", no_proxy: NO_PROXY })).toBeDefined();
});

test.each([
  ["socks5://me:canary-password@p:1080", "names a proxy of the kind socks5://, which is not supported"],
  ["socks5h://p:1080", "socks5h://"],
  ["socks4://p", "socks4://"],
  ["ftp://p", "ftp://"],
  ["http://me:canary-password@:port", "is not a proxy's URL"],
  ["http://", "is not a proxy's URL"],
])("the proxy %s is refused by the name of its variable, and not repeated", (proxy, message) => {
  for (const from of ["HTTPS_PROXY", "https_proxy"]) {
    const error = thrown(() => of(WORKSPACE, { [from]: proxy }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(new RegExp(`^${from} `));
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("canary");
    // Where it is not needed, it does not matter.
    expect(of("https://127.0.0.1/", { [from]: proxy })).toBeUndefined();
    expect(of(WORKSPACE, { [from]: proxy, NO_PROXY: "myhuaweicloud.com" })).toBeUndefined();
  }
});

test("the password of a proxy is a secret", () => {
  of(WORKSPACE, { HTTPS_PROXY: "http://me:pass%2Fword%20of%20a%20proxy@p:3128" });
  expect(redact("x pass/word of a proxy y")).toBe("x [redacted] y");
});
