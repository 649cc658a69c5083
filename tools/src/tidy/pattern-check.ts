import type { Finding, SourceFile, TidyCheck } from './tidy-check.ts';

export interface ForbiddenPattern {
  /** Needs the `g` flag, so that every occurrence is reported. */
  readonly pattern: RegExp;
  readonly message: string;
}

/** The 1-based line of a character offset. */
export function lineAt(source: { readonly text: string; readonly offset: number }): number {
  return source.text.slice(0, source.offset).split('\n').length;
}

/** A check that reports each place where one of the patterns matches in a file that it concerns. */
export function patternCheck(options: {
  readonly name: string;
  readonly concerns: (path: string) => boolean;
  readonly patterns: readonly ForbiddenPattern[];
}): TidyCheck {
  const find = (files: readonly SourceFile[]): Finding[] =>
    files
      .filter((file) => options.concerns(file.path))
      .flatMap((file) => options.patterns.flatMap((forbidden) => occurrences({ file, forbidden })));
  return { name: options.name, concerns: options.concerns, find };
}

function occurrences(input: { readonly file: SourceFile; readonly forbidden: ForbiddenPattern }): Finding[] {
  const { file, forbidden } = input;
  return [...file.text.matchAll(forbidden.pattern)].map((match) => ({
    path: file.path,
    line: lineAt({ text: file.text, offset: match.index }),
    message: forbidden.message,
  }));
}
