import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const KEBAB_SEGMENT = /^[._]?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
// Names that readers and platforms look for in exactly this form.
const CONVENTIONAL_NAMES = new Set([
  'AGENTS.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CODEOWNERS',
  'CONTRIBUTING.md',
  'Dockerfile',
  'LICENSE',
  'NOTICE',
  'README.md',
  'SECURITY.md',
]);

/** Every file and directory is named in kebab-case. Vectors keep the names under which their source publishes them. */
export const fileNames: TidyCheck = {
  name: 'file-names',
  concerns: (path) => !path.includes('/vectors/'),
  find: (files: readonly SourceFile[]): Finding[] =>
    files
      .filter((file) => fileNames.concerns(file.path))
      .flatMap((file) => {
        const wrong = file.path.split('/').find((name) => !KEBAB_SEGMENT.test(name) && !CONVENTIONAL_NAMES.has(name));
        if (wrong === undefined) return [];
        return [{ path: file.path, line: 0, message: `«${wrong}» is not kebab-case` }];
      }),
};
