/** Every bound of outbound delivery. Bytes are bytes on the wire, characters of an address are ASCII. */
export const deliveryLimits = {
  targetMaxCharacters: 2048,
  /** RFC 1035 section 2.3.4. */
  hostnameMaxCharacters: 253,
  labelMaxCharacters: 63,
  /** A and AAAA records of one name. A name with more is refused, since all of them are judged. */
  addressesMax: 32,
  /** Resolve, connect, TLS, headers and body together. Standard Webhooks recommends 15 to 30 seconds. */
  deadlineDefaultMilliseconds: 15_000,
  deadlineMaxMilliseconds: 60_000,
  requestHeadersMax: 64,
  requestHeadersMaxBytes: 16_384,
  requestBodyMaxBytes: 262_144,
  /** Status line, informational responses, headers and trailers. */
  responseHeadersMaxBytes: 16_384,
  responseHeadersMax: 100,
  informationalResponsesMax: 4,
  /** The body after the removal of chunk framing. Content codings are never removed. */
  responseBodyMaxBytes: 262_144,
  /** All bytes of the response, so that chunk framing is bounded as well. */
  responseWireMaxBytes: 524_288,
  /** The size line of a chunk with its extensions, without the line end. */
  chunkLineMaxBytes: 256,
  /** How much of the response body is kept as evidence. */
  responseKeptDefaultBytes: 1024,
  responseKeptMaxBytes: 16_384,
  /** The longest time for which a receiver can put us off. */
  retryAfterMaxMilliseconds: 86_400_000,
} as const;
