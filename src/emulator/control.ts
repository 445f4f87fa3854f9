import { randomUUID } from "node:crypto";

import v = require("valibot");

import { parseImageInfo } from "../images/workspace-image";
import type { EmulatedImage } from "./built-in-images";
import { type EmulatedAnswer, errorAnswer } from "./faults";
import { type ImageService, imageInfo } from "./image-service";
import type { ReceivedRequest } from "./signature";

const hiddenSchema = v.pipe(
  v.unknown(),
  v.check((json) => !Array.isArray(json), "Expected Object but received Array"),
  v.object({
    platform: v.optional(v.string("The field platform must be a text.")),
    package_type: v.optional(v.string("The field package_type must be a text.")),
  }),
);

/** What the person who runs the emulator may do: publish images and take them away. It is no part of the cloud. */
export function answerControl(
  path: string,
  { method, headers, body }: ReceivedRequest,
  service: ImageService,
): EmulatedAnswer {
  // A web page that this machine's user visits must not reach it.
  if (headers.origin !== undefined)
    return errorAnswer(403, "service", "Requests from web pages are refused.");
  const [, region = "", id] = /^\/emulator\/([^/]+)\/images(?:\/([^/]+))?$/.exec(path) ?? [];
  if (!service.names.includes(region)) {
    return errorAnswer(404, "service", `There is no such region. Regions: ${service.names.join(", ")}.`);
  }
  if (method === "GET" && !id)
    return { status: 200, json: { images: service.images(region).map(imageInfo) } };
  if (method === "DELETE" && id) {
    return service.remove(region, id)
      ? { status: 204 }
      : errorAnswer(404, "service", "There is no such image.");
  }
  if (method !== "POST" || id) return errorAnswer(405, "service", "The method is not allowed.");
  try {
    return { status: 201, json: imageInfo(service.publish(region, parseEmulatedImage(JSON.parse(body)))) };
  } catch (error) {
    return errorAnswer(400, "service", (error as Error).message);
  }
}

/** An image as the service describes it, with the two properties that it does not show; the ID may be left out. */
function parseEmulatedImage(json: unknown): EmulatedImage {
  const { platform, package_type: packageType } = v.parse(hiddenSchema, json);
  const { oddities, ...image } = parseImageInfo({ id: randomUUID(), ...Object(json) });
  if (oddities) throw new Error(`The image cannot be published: ${Object.values(oddities).join("; ")}.`);
  return { ...image, ...(platform && { platform }), ...(packageType && { packageType }) };
}
