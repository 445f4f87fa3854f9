import { DeferredListings } from "../../src/catalog/deferred-listing";
import type { ListingRequest } from "../../src/catalog/listing-messages";
import { WorkspaceEmulator } from "../../src/emulator";
import { closing } from "../support/closing";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { enter, restoreProcess } from "../support/synth";

restoreProcess();

const REGION = "cn-north-4";
const SOUTH = "cn-south-1";

const emulate = async () =>
  closing(
    await WorkspaceEmulator.start({
      images: { [REGION]: [image({ id: "n1" })], [SOUTH]: [image({ id: "s1" }), image({ id: "s2" })] },
    }),
  );

function request(name: string, region = REGION, more: Partial<ListingRequest> = {}): ListingRequest {
  return { environment: { name, region }, queries: [{}], ...more };
}

function deferred(): DeferredListings {
  const listings = new DeferredListings();
  closing({ close: async () => listings.close() });
  return listings;
}

test("a listing is waited for, from an emulator in the same thread", async () => {
  const emulator = await emulate();
  enter(new TestProject({}), emulator.variables);
  const listings = deferred();
  listings.begin([request("dev"), request("prod", SOUTH)]);
  expect(listings.wait("prod")).toEqual({
    place: { region: SOUTH, projectId: emulator.projectId(SOUTH) },
    listings: [{ query: {}, images: [image({ id: "s1" }), image({ id: "s2" })] }],
  });
  expect(listings.wait("dev")).toMatchObject({ listings: [{ images: [{ id: "n1" }] }] });
});
