import { decode, Encoder, ExtensionCodec } from "@msgpack/msgpack";

/** A value that is known only at apply. */
export class Unknown {}

export const UNKNOWN = new Unknown();

/** The attributes and blocks of a resource, or of a block. */
export type Values = Record<string, unknown>;

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? new Uint8Array(1) : null),
  decode: () => UNKNOWN,
});
// Unknown, with hints on what it will be.
extensionCodec.register({ type: 12, encode: () => null, decode: () => UNKNOWN });

/** A value in one of the two encodings of Terraform's protocol. */
export interface EncodedValue {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

export function encodeValue(value: Values | null): EncodedValue {
  return { msgpack: new Encoder({ extensionCodec }).encode(value) };
}

export function decodeValue({ msgpack, json }: EncodedValue): Values | null {
  const decoded = msgpack?.length
    ? decode(msgpack, { extensionCodec })
    : JSON.parse(Buffer.from(json ?? []).toString());
  return decoded as Values | null;
}
