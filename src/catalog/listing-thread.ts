// First, so that what fails to load is told to the thread that waits.
import { parentThread } from "../threads/parent-thread";
import { type ListCommand, type ListingReport, writeError } from "./listing-messages";
import { openListings } from "./listing-source";

// The listing thread begins here.
if (parentThread) {
  const parent = parentThread;
  const send = (report: ListingReport) => parent.post(report);
  // What a thread writes to standard error, Node prints when the main thread no longer waits, or never.
  process.stderr.write = (text: string | Uint8Array) => {
    send({ printed: String(text) });
    return true;
  };
  const source = openListings({ onWarning: (warning) => send({ warning }) });
  // Where this fails, every environment says so.
  source.catch(() => {});

  const list = async ({ id, environment, locked, queries }: ListCommand["list"][number]): Promise<void> => {
    try {
      const { place, listing } = await (await source).environment(environment, locked);
      const listings = await Promise.all(queries.map(listing));
      send({ id, place, listings });
    } catch (error) {
      send({ id, error: writeError(error) });
    }
  };
  parent.onMessage(({ list: requests }: ListCommand) => {
    for (const request of requests) void list(request);
  });
}
