import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

// On a machine that does nothing else, it takes half a minute.
jest.setTimeout(600_000);

const COUNT = 150_000;

test("commands read and write a lock file of 150,000 pins", async () => {
  const project = new TestProject({ dev: { region: "cn-north-4" } });
  const pins = Array.from({ length: COUNT }, (_, index) => [
    `pin-${index}`,
    pinOf(image({ id: `id-${index}` }), { filter: { name: `image-id-${index}` } }),
  ]);
  writePins(project, "dev", Object.fromEntries(pins));
  const shown = await project.cli(["pins", "pin-77777", "--json"]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(shown.stdout).dev["pin-77777"].images).toMatchObject([{ id: "id-77777" }]);
  expect(await project.cli(["rename", "pin-149999", "last"])).toMatchObject({ code: 0, stderr: "" });
  const { pins: renamed } = project.readLock("dev");
  expect(Object.keys(renamed)).toHaveLength(COUNT);
  expect(renamed.last.images).toMatchObject([{ id: "id-149999" }]);
});
