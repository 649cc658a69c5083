/** What an expression came to. Undefined stands for what is not there; a problem never repeats what a message says. */
export type Evaluated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

export const present = (value: unknown): Evaluated => ({ ok: true, value });
export const problem = (text: string): Evaluated => ({ ok: false, problem: text });

/** Said of a message that a mapping cannot get through within its budget. */
export const tooLarge = 'the message is too large for its mapping';
