// `npm run test:documents`: what README and docs show is done. It starts many processes, so it is not in `npm test`.
const { testPathIgnorePatterns: _, ...shared } = require("../../jest.config");

/** @type {import("jest").Config} */
module.exports = {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/documents"],
  testTimeout: 300_000,
  maxWorkers: 2,
};
