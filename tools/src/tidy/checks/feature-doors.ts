import { posix } from 'node:path';

import { moduleReferences } from '../module-references.ts';
import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { isSourcePath } from '../workspaces.ts';

const FEATURE = /^packages\/commands\/src\/features\/([^/]+)\//;

/** Features meet only at their index: `../<other-feature>/index.ts`, never by the package's own name. */
export const featureDoors: TidyCheck = {
  name: 'feature-doors',
  concerns: (path) => FEATURE.test(path) && isSourcePath(path),
  find: (files: readonly SourceFile[]): Finding[] =>
    files
      .filter((file) => featureDoors.concerns(file.path))
      .flatMap((file) =>
        moduleReferences(file.text).flatMap(({ specifier, line }) => {
          const message = specifier === undefined ? undefined : complaint({ path: file.path, specifier });
          return message === undefined ? [] : [{ path: file.path, line, message }];
        }),
      ),
};

function complaint(input: { readonly path: string; readonly specifier: string }): string | undefined {
  const { path, specifier } = input;
  if (specifier === '@karmanflow/commands') return 'goes through its own package to reach another feature';
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const feature = FEATURE.exec(target)?.[1];
  if (feature === undefined || feature === FEATURE.exec(path)?.[1]) return undefined;
  if (target === `packages/commands/src/features/${feature}/index.ts`) return undefined;
  return `reaches into the feature ${feature} beside its index`;
}
