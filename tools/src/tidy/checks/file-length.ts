import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const LINES_MAX = 400;
// Data and generated files, each with the reason why it is not split.
const LONG_FILES: Readonly<Record<string, string>> = {
  'tools/src/tidy/violations.ts': 'one table of made-up violations',
};

/** A source file fits in a head: at most 400 lines, with 300 as the aim. */
export const fileLength: TidyCheck = {
  name: 'file-length',
  concerns: (path) => path.endsWith('.ts') && !(path in LONG_FILES),
  find: (files: readonly SourceFile[]): Finding[] =>
    files
      .filter((file) => fileLength.concerns(file.path))
      .flatMap((file) => {
        const lines = file.text.trimEnd().split('\n').length;
        if (lines <= LINES_MAX) return [];
        return [{ path: file.path, line: LINES_MAX, message: `${lines} lines, more than ${LINES_MAX}` }];
      }),
};
