import { posix } from 'node:path';

import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { isManifestPath, readWorkspaces } from '../workspaces.ts';
import type { Workspace } from '../workspaces.ts';

/** A workspace is entered through the few doors that its `exports` names one by one, each of which exists. */
export const packageDoors: TidyCheck = {
  name: 'package-doors',
  concerns: (path) => isManifestPath(path) && path !== 'package.json',
  find: (files: readonly SourceFile[]): Finding[] => {
    const paths = new Set(files.map((file) => file.path));
    return readWorkspaces(files)
      .filter((workspace) => workspace.directory !== '')
      .flatMap((workspace) =>
        complaints({ workspace, paths }).map((message) => ({
          path: `${workspace.directory}/package.json`,
          line: 0,
          message,
        })),
      );
  },
};

function complaints(input: { readonly workspace: Workspace; readonly paths: ReadonlySet<string> }): string[] {
  const { exports, imports } = input.workspace.manifest;
  const messages: string[] = [];
  // Turbo does not follow `imports`, so an alias could lead anywhere.
  if (imports !== undefined) messages.push('declares import aliases');
  if (exports === undefined) return [...messages, 'declares no exports, so every file is a door'];
  if (typeof exports === 'string') return [...messages, 'declares exports as one string, not door by door'];
  for (const [door, target] of Object.entries(exports)) {
    if (typeof target !== 'string') messages.push(`the door «${door}» is not a path`);
    else if (`${door}${target}`.includes('*')) messages.push(`the door «${door}» is a wildcard`);
    else if (!input.paths.has(posix.join(input.workspace.directory, target))) {
      messages.push(`the door «${door}» leads to ${target}, which does not exist`);
    }
  }
  return messages;
}
