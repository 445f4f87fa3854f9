const opened: { close(): Promise<unknown> }[] = [];

/** Has something closed after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}

/** Closes what was opened so far; a test that opens much does so before its end. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

// The benchmark uses the tests' servers, too, and closes them itself.
globalThis.afterEach?.(closeAll);
