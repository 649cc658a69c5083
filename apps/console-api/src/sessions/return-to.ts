import { sessionLimits } from './session-limits.ts';

/** A path of ours: one slash and then neither another one nor what browsers take for one, and no control characters. */
const pathOfOurs = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/**
 * Reads where a browser wants to be after the login: a path of this origin with its query and fragment, or null when it
 * leads, or could be read to lead, anywhere else. `origin` is ours.
 */
export function readReturnTo(text: string, origin: string): string | null {
  if (text.length > sessionLimits.returnToCharacters || !pathOfOurs.test(text)) return null;
  const url = URL.canParse(text, origin) ? new URL(text, origin) : null;
  if (url === null || url.origin !== origin) return null;
  const path = `${url.pathname}${url.search}${url.hash}`;
  // Dots that are resolved can leave two slashes in front.
  return pathOfOurs.test(path) ? path : null;
}
