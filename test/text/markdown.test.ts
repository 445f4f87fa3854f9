import { marked } from "marked";
import { codeSpan, markdownTable } from "../../src/text/markdown";

test.each([
  "Windows_11 24H2 (x)",
  "a|b `c` <img src=x> @user #1 *d* [e](f) \\",
  "``<b>|",
  "`",
  "||",
  "```x",
  "<script>alert(1)</script>",
  "&lt;",
  "x\\",
  "~~x~~ https://example.com",
])("%j in a table of Markdown is one cell of code that shows it as it is", async (text) => {
  const html = await marked.parse(markdownTable(["Pin", "What"], [[codeSpan(text), "moved"]]));
  const [, shown] = /<td>(.*)<\/td>\n<td>moved<\/td>/.exec(html) ?? [];
  const decoded = shown
    ?.replace(/^<code>(.*)<\/code>$/, "$1")
    .replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_, name) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name as string]!,
    );
  expect(shown).toMatch(/^<code>[^<]*<\/code>$/);
  expect(decoded).toBe(text);
});

test("what cannot be shown in a table of Markdown does not break it", async () => {
  for (const text of ["a\\|b", "line\n| break |", "\u202e", "", "  "]) {
    const html = await marked.parse(markdownTable(["Pin", "What"], [[codeSpan(text), "moved"]]));
    expect(html).toMatch(/<td><code>[^<]+<\/code><\/td>\n<td>moved<\/td>/);
  }
});
