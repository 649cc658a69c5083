const jsonHeaders = { 'content-type': 'application/json' };

/** An answer whose body is this JSON text. */
export function jsonTextResponse(text: string): Response {
  return new Response(text, { headers: jsonHeaders });
}

/** An answer whose body is this value as JSON. */
export function jsonResponse(value: unknown): Response {
  return jsonTextResponse(JSON.stringify(value));
}
