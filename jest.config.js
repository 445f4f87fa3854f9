const { availableParallelism } = require("node:os");

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "<rootDir>/test/support/environment.ts",
  // What outlives its test file, such as a timer, would otherwise be warned of in the output of tests that come later.
  testEnvironmentOptions: { globalsCleanup: "off" },
  roots: ["<rootDir>/test"],
  setupFiles: ["<rootDir>/test/support/setup.ts"],
  // Many tests wait, for processes that they start and for limits of time: as many workers as processors would idle.
  // (A percentage may not be larger than 100.)
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  // Many tests start processes, on machines that may be busy.
  testTimeout: 180_000,
  testMatch: ["**/*.test.ts"],
  // These need more than Node and npm, or take long: `npm run test:terraform`, `test:consumers`, `test:browser`,
  // `test:documents`, `test:size`.
  testPathIgnorePatterns: [
    "/node_modules/",
    "<rootDir>/test/terraform/",
    "<rootDir>/test/consumers/",
    "<rootDir>/test/browser/",
    "<rootDir>/test/documents/",
    "<rootDir>/test/size/",
  ],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
};
