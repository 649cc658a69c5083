/** An exact type, a prefix of whole words (`inventory.*`), or everything (`*`). */
const eventTypePattern = /^(?:\*|[a-z][a-z0-9_]{0,63}(?:\.[a-z][a-z0-9_]{0,63}){0,3}(?:\.\*)?)$/;

/** Whether a text is a pattern of event types, so that it can be matched with. */
export function isEventTypePattern(text: string): boolean {
  return eventTypePattern.test(text);
}

/** Whether one of the patterns takes events of this type. `inventory.*` takes `inventory.level.set`, never `inventory`. */
export function matchesEventType(patterns: readonly string[], eventType: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*' || pattern === eventType) return true;
    return pattern.endsWith('.*') && eventType.startsWith(pattern.slice(0, -1));
  });
}
