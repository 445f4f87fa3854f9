/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  setupFiles: ["<rootDir>/test/support/setup.ts"],
  // Tests wait for processes that they start: one worker less than processors would leave one idle.
  maxWorkers: "100%",
  // Many tests start processes, on machines that may be busy.
  testTimeout: 60_000,
  testMatch: ["**/*.test.ts"],
  // These need more than Node and npm, or take long: `npm run test:terraform`, `test:consumers`, `test:browser`.
  testPathIgnorePatterns: [
    "/node_modules/",
    "<rootDir>/test/terraform/",
    "<rootDir>/test/consumers/",
    "<rootDir>/test/browser/",
  ],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
};
