/** One file of the repository: its path from the root with forward slashes, and its text (empty for a binary file). */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A place where the repository breaks one of its rules. `line` starts at 1; 0 means the file as a whole. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/**
 * A rule about the repository as a whole.
 * `find` is pure: all files in, findings out. It looks at the files that `concerns` accepts, and may read others to judge
 * them; the runner uses `concerns` to assert that the check saw something.
 */
export interface TidyCheck {
  readonly name: string;
  readonly concerns: (path: string) => boolean;
  readonly find: (files: readonly SourceFile[]) => Finding[];
}

/** Renders findings one a line, `path:line message`, so that a terminal can link to them. */
export function renderFindings(findings: readonly Finding[]): string {
  return findings.map((finding) => `${finding.path}:${finding.line} ${finding.message}`).join('\n');
}
