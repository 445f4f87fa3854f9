// `npm run test:consumers`: the packed library in projects of its users. It installs a lot, so it is not in `npm test`.
const { testPathIgnorePatterns: _, ...shared } = require("../../jest.config");

/** @type {import("jest").Config} */
module.exports = {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/consumers"],
  globalSetup: "<rootDir>/test/consumers/set-up.ts",
  globalTeardown: "<rootDir>/test/consumers/tear-down.ts",
  testTimeout: 600_000,
  maxWorkers: 2,
};
