/** The headers of a subscription as they were set. The text is our own canonical JSON of what `headersShape` accepted. */
export function headersOf(text: string): Record<string, string> {
  return JSON.parse(text) as Record<string, string>;
}
