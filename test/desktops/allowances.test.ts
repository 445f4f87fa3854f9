import { findAllowance } from "../../src/desktops/allowances";

test("an allowance holds to the end of its last day, and one that holds goes before one that is over", () => {
  const over = { address: "*", reason: "over", until: "2026-01-31" };
  const later = { address: "a", reason: "later", until: "2026-02-28" };
  const at = (time: string, ...allowances: (typeof over)[]) => findAllowance(allowances, "a", new Date(time));
  expect(at("2026-01-31T23:59:59Z", over)).toEqual({ allowance: over, isOver: false });
  expect(at("2026-02-01T00:00:00Z", over)).toEqual({ allowance: over, isOver: true });
  expect(at("2026-02-01T00:00:00Z", over, later)).toEqual({ allowance: later, isOver: false });
  expect(findAllowance([later], "b")).toBeUndefined();
});
