import { parentThread } from "../threads/parent-thread";
import type { ListCommand, ListingReport } from "./listing-messages";

// The listing thread begins here. What can fail to load is loaded late, so that the thread can say so.
if (parentThread) {
  const parent = parentThread;
  const send = (report: ListingReport) => parent.post(report);
  const { openListings } = require("./listing-source") as typeof import("./listing-source");
  const { writeError } = require("./listing-messages") as typeof import("./listing-messages");
  const source = openListings({ onWarning: (warning) => send({ warning }) });

  parent.onMessage(({ list }: ListCommand) => {
    for (const { environment, locked, queries } of list) {
      const listed = source
        .then((source) => source.environment(environment, locked))
        .then(async ({ place, listing }) => ({
          place,
          listings: await Promise.all(queries.map(listing)),
        }));
      listed.then(
        (answer) => send({ environment: environment.name, ...answer }),
        (error) => send({ environment: environment.name, error: writeError(error) }),
      );
    }
  });
}
