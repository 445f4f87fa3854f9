/** Whether a value is known only when Terraform runs, in any form in which a CDK hands one: text, number, list, object. */
export function isToken(value: unknown): boolean {
  if (typeof value === "string") return /[$#&]\{TfToken\[/.test(value);
  if (typeof value === "number") return value < -1e280;
  // A list that is not known yet is an array of one text.
  if (Array.isArray(value)) return !Array.isArray(value[0]) && isToken(value[0]);
  return typeof value === "object" && value !== null && "resolve" in value;
}
