/** A time as lock files have it: UTC, to the second; undefined if it is none. */
export function formatTime(time: Date): string | undefined {
  return Number.isNaN(time.getTime()) ? undefined : `${time.toISOString().slice(0, 19)}Z`;
}

/** A time in a filter, in ms since the epoch: strictly UTC, so that no machine's time zone changes a selection. */
export function filterTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?$/.test(text) ? utcTime(text) : undefined;
}

/** `created_at` of an image in ms since the epoch; the service means UTC where it names no zone. */
export function creationTime(text: string | undefined): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/.exec(
    text ?? "",
  );
  return parts?.[1] ? utcTime(`${parts[1]}T${parts[2] ?? "00:00"}${parts[3] ?? "Z"}`) : undefined;
}

function utcTime(text: string): number | undefined {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return undefined;
  // Date.parse carries 30 February over into March; every month has 28 days.
  const day = Number(text.slice(8, 10));
  return day <= 28 || new Date(text.slice(0, 10)).getUTCDate() === day ? time : undefined;
}
