import type { RequestIdentity } from '@karmanflow/runtime';

/** What the log line of a request says besides its method, route, status and duration. Ids and codes only. */
export interface ExchangeNotes {
  tenantId?: string;
  environmentId?: string;
  actorId?: string;
  apiKeyId?: string;
  sessionId?: string;
  commandType?: string;
  queryType?: string;
  /** A receipt status or an error code. */
  outcome?: string;
  refusal?: string;
  /** Why a login did not come about: a code of ours, of the protocol or of its library. */
  loginProblem?: string;
  receiptId?: string;
  replayed?: boolean;
}

/** One request on its way through an endpoint. */
export interface Exchange {
  readonly request: Request;
  /** Its traceparent is that of the span of this request, so that whatever it causes is found under it. */
  readonly identity: RequestIdentity;
  /** A path parameter, decoded; empty when the path has none of that name. */
  parameter(name: string): string;
  /** Filled in while the endpoint works. */
  readonly notes: ExchangeNotes;
}

/** Turns a request into its answer. Throws for bugs and for a database that does not answer. */
export type ExchangeHandler = (exchange: Exchange) => Response | Promise<Response>;
