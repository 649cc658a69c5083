/** Where an attempt was when it ended. `connect` includes the tunnel through an egress proxy. */
export type DeliveryPhase = 'resolve' | 'connect' | 'tls' | 'headers' | 'body';

/**
 * Why an attempt failed. The first three are no fault of the receiver:
 * request_invalid      our own request cannot be sent; another attempt would fail alike
 * cancelled            the process stopped the attempt
 * egress_proxy_failed  our proxy did not give us a tunnel
 */
export const deliveryFailureCodes = [
  'request_invalid',
  'cancelled',
  'egress_proxy_failed',
  'dns_failed',
  'address_forbidden',
  'address_mismatch',
  'connect_failed',
  'tls_failed',
  'timed_out',
  'reset',
  'response_malformed',
  'response_too_large',
  'redirect_refused',
  'status_refused',
] as const;

export type DeliveryFailureCode = (typeof deliveryFailureCodes)[number];

/** Milliseconds, absent for a phase that was not entered. A phase in which the attempt ended counts until the end. */
export interface DeliveryTimings {
  readonly resolve?: number;
  readonly connect?: number;
  readonly tls?: number;
  /** From the moment the request was handed to the socket. */
  readonly firstByte?: number;
  /** From the first byte of the response to its end. */
  readonly body?: number;
}

/** What an attempt leaves behind, whether it succeeded or not. */
export interface DeliveryEvidence {
  readonly timings: DeliveryTimings;
  readonly totalMilliseconds: number;
  /** The address to which the connection was pinned. */
  readonly address?: string;
  readonly status?: number;
  /** The first bytes of the body as they came, still compressed if the receiver compressed them. */
  readonly responseBytes: Uint8Array;
  readonly responseTruncated: boolean;
  /** Headers of interest by lower-case name, each cut to 256 characters. */
  readonly responseHeaders: Readonly<Partial<Record<KeptHeaderName, string>>>;
}

/** `retry-after` steers the schedule, the others help whoever reads the attempt. */
export const keptHeaderNames = ['retry-after', 'content-type', 'content-encoding', 'location'] as const;

export type KeptHeaderName = (typeof keptHeaderNames)[number];

export interface DeliveryFailure {
  readonly code: DeliveryFailureCode;
  readonly phase: DeliveryPhase;
  /** A word of a closed vocabulary for each code, or an error code of the system such as ECONNREFUSED. */
  readonly reason: string;
}

/** Delivered means a complete, well-formed response with a status from 200 to 299, in time. */
export type DeliveryResult =
  | ({ readonly kind: 'delivered'; readonly status: number } & DeliveryEvidence)
  | ({ readonly kind: 'failed' } & DeliveryFailure & DeliveryEvidence);
