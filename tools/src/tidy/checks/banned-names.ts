import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const BANNED_WORDS = 'utils?|helpers?|commons?|managers?|services?|base|misc';
// A name that is the word, ends in it, or starts with «base-» or «common-» says nothing about what is inside.
const BANNED_NAME = new RegExp(`^(?:${BANNED_WORDS})$|-(?:${BANNED_WORDS})$|^(?:base|common)-`);

/** No file or directory of the code is named after a drawer instead of its content. */
export const bannedNames: TidyCheck = {
  name: 'banned-names',
  concerns: (path) => /^(?:packages|apps|conformance|tools)\//.test(path),
  find: (files: readonly SourceFile[]): Finding[] =>
    files
      .filter((file) => bannedNames.concerns(file.path))
      .flatMap((file) => {
        const wrong = file.path.split('/').find((name) => BANNED_NAME.test(stemOf(name)));
        if (wrong === undefined) return [];
        return [{ path: file.path, line: 0, message: `«${wrong}» names a drawer, not a content` }];
      }),
};

function stemOf(name: string): string {
  return name.split('.')[0] ?? name;
}
