/** The state of something that must be there already. Throws otherwise: a history that is not whole is a bug. */
export function existing<State>(state: State | undefined, event: { readonly type: string }): State {
  if (state === undefined) throw new Error(`${event.type} came before what it concerns`);
  return state;
}
