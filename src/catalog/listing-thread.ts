// First, so that what fails to load is told to the thread that waits.
import { parentThread } from "../threads/parent-thread";
import { type ListCommand, type ListingReport, type ListingRequest, writeError } from "./listing-messages";
import { openListings } from "./listing-source";

// The listing thread begins here.
if (parentThread) {
  const parent = parentThread;
  const send = (report: ListingReport) => parent.post(report);
  const source = openListings({ onWarning: (warning) => send({ warning }) });
  // Where this fails, every environment says so.
  source.catch(() => {});

  const list = async ({ environment, locked, queries }: ListingRequest): Promise<void> => {
    try {
      const { place, listing } = await (await source).environment(environment, locked);
      const listings = await Promise.all(queries.map(listing));
      send({ environment: environment.name, place, listings });
    } catch (error) {
      send({ environment: environment.name, error: writeError(error) });
    }
  };
  parent.onMessage(({ list: requests }: ListCommand) => {
    for (const request of requests) void list(request);
  });
}
