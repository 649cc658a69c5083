import { apiAnswerOf, type ApiAnswer } from './api-answer.ts';

export interface SendOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller of the API with one key, over real HTTP. */
export class ApiClient {
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  /** Sends a command under a new idempotency key, unless one is given. */
  async send(type: string, input: unknown, options: SendOptions = {}): Promise<ApiAnswer> {
    return this.request(`/v1/${type.replace('.', '/')}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': options.key ?? Bun.randomUUIDv7(),
        ...options.headers,
      },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    });
  }

  /** Sends a command that must succeed, and answers its data. */
  async succeed(type: string, input: unknown, options: SendOptions = {}): Promise<Record<string, string>> {
    const { status, text, json } = await this.send(type, input, options);
    if (status !== 200) throw new Error(`${type}: ${status} ${text}`);
    return json['data'] as Record<string, string>;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<ApiAnswer> {
    return this.request(path, { headers });
  }

  async request(
    path: string,
    init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
  ): Promise<ApiAnswer> {
    const headers = { authorization: `Bearer ${this.#apiKey}`, ...init.headers };
    return apiAnswerOf(await fetch(`${this.#url}${path}`, { ...init, headers }));
  }
}
