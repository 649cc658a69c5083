import type { ClusterProblemCode, Result } from '../postgres/index.ts';

export type { Result } from '../postgres/index.ts';

/** Every reason for which the local environment is refused, those of the embedded Postgres included. */
export type LocalProblemCode =
  | ClusterProblemCode
  | 'setting_invalid'
  | 'up_running'
  | 'not_permitted'
  | 'still_running'
  | 'database_url_invalid'
  | 'database_unreachable'
  | 'database_login_refused'
  | 'database_version'
  | 'database_not_ours'
  | 'schema_outdated'
  | 'demo_outdated'
  | 'demo_missing'
  | 'app_missing'
  | 'app_ended'
  | 'app_not_ready'
  | 'postgres_ended'
  | 'interrupted'
  | 'step_failed';

/** A refusal that a person can act on: `message` says what is the case, `whatToDo` names the next step. */
export interface LocalProblem {
  readonly code: LocalProblemCode;
  readonly message: string;
  readonly whatToDo: string;
}

/** Wraps a value as the good outcome. */
export function accepted<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** Wraps a problem as the refused outcome. */
export function refused(problem: LocalProblem): { readonly ok: false; readonly problem: LocalProblem } {
  return { ok: false, problem };
}

/** The value of an outcome. Throws its problem as an error: for tests and tools that can do nothing about it. */
export function valueOf<Value>(outcome: Result<Value, LocalProblem>): Value {
  if (outcome.ok) return outcome.value;
  const { code, message, whatToDo } = outcome.problem;
  throw new Error(`${code}: ${message} ${whatToDo}`);
}
