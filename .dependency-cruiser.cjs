/** The rooms of src, top to bottom: each may import from itself and from those below it. */
const LAYERS = [
  "index",
  "cli",
  "constructs",
  "catalog",
  "desktops",
  "pins",
  "emulator",
  "api",
  "images",
  "project",
  "threads",
  "errors",
  "text",
];

const room = (layer) => `^src/${layer}(/|\\.ts$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "has-a-room",
      comment: "Every file stands in one of the rooms listed in .dependency-cruiser.cjs.",
      severity: "error",
      from: { path: "^src/", pathNot: LAYERS.map(room) },
      to: {},
    },
    ...LAYERS.slice(1).map((layer, index) => ({
      name: `${layer}-imports-down`,
      severity: "error",
      from: { path: room(layer) },
      to: { path: LAYERS.slice(0, index + 1).map(room) },
    })),
    { name: "resolves", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // The default parser sees nothing under this version of TypeScript.
    parser: "swc",
    // Types count, too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
