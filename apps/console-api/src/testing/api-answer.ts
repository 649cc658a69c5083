/** An answer, read to its end. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, as it came. */
  readonly text: string;
  /** The body parsed; empty when it is not a JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The code of a problem; empty when it is none. */
  readonly code: string;
}

export async function apiAnswerOf(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  const json = objectOf(text);
  return { status: response.status, headers: response.headers, text, json, code: String(json['code'] ?? '') };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
