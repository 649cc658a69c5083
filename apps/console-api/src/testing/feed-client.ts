/** A message of a stream of server-sent events, as a browser would dispatch it. */
export interface ReceivedMessage {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Somebody who listens, over real HTTP. */
export interface FeedClient {
  readonly status: number;
  readonly headers: Headers;
  /** What has arrived so far. */
  readonly messages: readonly ReceivedMessage[];
  /** Blocks without data, which keep the connection alive. */
  quietBlocks(): number;
  /** The last id, also of a block without data. */
  lastEventId(): string;
  /** True when the server has ended the stream, or cut the connection. */
  isOver(): boolean;
  /** Goes away. */
  close(): void;
}

export async function listenTo(url: string, headers: Readonly<Record<string, string>>): Promise<FeedClient> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { ...headers }, signal: abort.signal });
  const messages: ReceivedMessage[] = [];
  const state = { quiet: 0, lastEventId: '', over: false };
  const take = (block: string): void => {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const at = line.indexOf(':');
        return [line.slice(0, at), line.slice(at + 1).trimStart()];
      }),
    );
    state.lastEventId = fields.get('id') ?? state.lastEventId;
    const data = fields.get('data');
    if (data === undefined) state.quiet += 1;
    else messages.push({ event: fields.get('event') ?? 'message', id: state.lastEventId, data: JSON.parse(data) });
  };
  void readBlocks(response, take).finally(() => {
    state.over = true;
  });
  return {
    status: response.status,
    headers: response.headers,
    messages,
    quietBlocks: () => state.quiet,
    lastEventId: () => state.lastEventId,
    isOver: () => state.over,
    close: () => abort.abort(),
  };
}

/** Takes each block of a stream until it ends, however it does. */
async function readBlocks(response: Response, take: (block: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of response.body ?? []) {
      rest += decoder.decode(bytes, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  } catch {
    // The connection was cut, or closed by the test.
  }
}
