const opened: { close(): Promise<unknown> }[] = [];

/** Has something closed after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}

// The benchmark uses the tests' servers, too, and closes them itself.
globalThis.afterEach?.(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
