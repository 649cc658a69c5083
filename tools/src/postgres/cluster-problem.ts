/** Every reason for which a cluster is refused, in the order in which they are checked. */
export type ClusterProblemCode =
  | 'user_unavailable'
  | 'binaries_missing'
  | 'path_not_accessible'
  | 'already_running'
  | 'data_directory_incomplete'
  | 'data_directory_version'
  | 'port_in_use'
  | 'disk_full'
  | 'pid_file_in_use'
  | 'password_rejected'
  | 'start_failed';

/** A refusal that a person can act on: `message` says what is the case, `whatToDo` names the next step. */
export interface ClusterProblem {
  readonly code: ClusterProblemCode;
  readonly message: string;
  readonly whatToDo: string;
  /** The server's process id, with `already_running` and `pid_file_in_use`. */
  readonly processId?: number;
}

/** An expected outcome: either the value or the reason why there is none. */
export type Result<Value, Problem> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

/** Wraps a value as the good outcome. */
export function accepted<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** Wraps a problem as the refused outcome. */
export function refused(problem: ClusterProblem): { readonly ok: false; readonly problem: ClusterProblem } {
  return { ok: false, problem };
}

/** The code of a system call error (`ENOENT`), or null for anything else that was thrown. */
export function systemErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** The problem behind a file system error at `path`, or null when the error is not one a user can act on. */
export function problemFromFileError(error: unknown, path: string): ClusterProblem | null {
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(path);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    const failedPath = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path;
    return {
      code: 'path_not_accessible',
      message: `This user may not use ${failedPath} (${code}).`,
      whatToDo: `Run as the user who owns ${failedPath}, or set DATABASE_URL to a Postgres of your own.`,
    };
  }
  return null;
}

/** The refusal for a volume without room for the cluster at `path`. */
export function diskFull(path: string): ClusterProblem {
  return {
    code: 'disk_full',
    message: `There is too little free space on the volume of ${path}.`,
    whatToDo: 'Free at least 200 MB on that volume, then start again.',
  };
}
