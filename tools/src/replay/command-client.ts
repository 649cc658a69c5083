import { type ReceiptDocument, verifyReceipt } from '@karmanflow/receipts';

/** A definite answer of the API: done, or refused for a reason that another try would not change. */
export type Answer =
  | { readonly ok: true; readonly data: Readonly<Record<string, unknown>>; readonly replayed: boolean }
  | { readonly ok: false; readonly code: string; readonly detail: Readonly<Record<string, unknown>> };

export interface CommandClient {
  /** Sends a command until there is a definite answer, always under the same key. */
  send(type: string, input: unknown, key: string): Promise<Answer>;
  /** Reads all pages of a list. */
  readAll(type: string, list: string, parameters: Readonly<Record<string, string>>): Promise<Record<string, unknown>[]>;
  readonly counts: { sent: number; repeated: number; replayed: number; receiptsVerified: number };
}

const attemptsMax = 60;
const requestTimeoutMilliseconds = 20_000;

interface Body {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly replayed?: boolean;
  readonly receipt?: ReceiptDocument;
  readonly code?: string;
  readonly refusal?: Readonly<Record<string, unknown>>;
  readonly issues?: unknown;
  readonly detail?: unknown;
}

/** A client of the public REST API that believes no answer without a receipt that verifies. */
export async function createCommandClient(options: { url: string; apiKey: string }): Promise<CommandClient> {
  const counts = { sent: 0, repeated: 0, replayed: 0, receiptsVerified: 0 };
  const authorization = `Bearer ${options.apiKey}`;
  const keys: unknown = await (await fetch(`${options.url}/.well-known/karmanflow/receipt-keys.json`)).json();

  function verified(body: Body, key: string): void {
    const result = verifyReceipt({ document: body.receipt, keys });
    if (!result.ok) throw new Error(`the receipt of ${key} does not verify: ${result.code} (${result.detail})`);
    counts.receiptsVerified += 1;
  }

  async function once(type: string, input: unknown, key: string): Promise<Answer | null> {
    const response = await fetch(`${options.url}/v1/${type.replace('.', '/')}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(requestTimeoutMilliseconds),
    });
    const body = (await response.json()) as Body;
    if (response.ok && body.data) {
      verified(body, key);
      if (body.replayed) counts.replayed += 1;
      return { ok: true, data: body.data, replayed: body.replayed === true };
    }
    if (response.status >= 500 || (response.status === 409 && body.code === 'idempotency_key_in_flight')) return null;
    if (body.receipt) verified(body, key);
    return {
      ok: false,
      code: body.code ?? String(response.status),
      detail: body.refusal ?? { issues: body.issues, detail: body.detail },
    };
  }

  return {
    counts,
    async send(type, input, key) {
      counts.sent += 1;
      for (let attempt = 1; ; attempt += 1) {
        const answer = await once(type, input, key).catch((error: unknown) => {
          if (error instanceof Error && error.message.startsWith('the receipt of')) throw error;
          return null;
        });
        if (answer) return answer;
        if (attempt >= attemptsMax)
          throw new Error(`${type} ${key}: no definite answer after ${attempt} tries; run it again to go on`);
        counts.repeated += 1;
        await Bun.sleep(Math.min(2000, 100 * attempt));
      }
    },
    async readAll(type, list, parameters) {
      const rows: Record<string, unknown>[] = [];
      for (let after: string | null = ''; after !== null;) {
        const query = new URLSearchParams({ ...parameters, limit: '200', ...(after === '' ? {} : { after }) });
        const response = await fetch(`${options.url}/v1/${type.replace('.', '/')}?${query}`, {
          headers: { authorization },
        });
        if (!response.ok) throw new Error(`${type}: ${response.status} ${await response.text()}`);
        const { data } = (await response.json()) as { data: Record<string, unknown> };
        rows.push(...(data[list] as Record<string, unknown>[]));
        after = (data['next'] as string | null) ?? null;
      }
      return rows;
    },
  };
}
