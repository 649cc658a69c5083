import { posix } from 'node:path';

import { moduleReferences } from '../module-references.ts';
import type { ModuleReference } from '../module-references.ts';
import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { isSourcePath, isTestCode, readWorkspaces, workspaceOf } from '../workspaces.ts';
import type { Workspace } from '../workspaces.ts';

const SCOPE = '@karmanflow/';

/**
 * What turbo boundaries does not see: types imported in place, template literals, `import.meta.resolve`, workers and URLs,
 * triple-slash references, paths into another workspace as plain strings, entries that `exports` does not name,
 * file extensions that it does not read, and tools of the root that only tests may use.
 */
export const moduleReach: TidyCheck = {
  name: 'module-reach',
  concerns: isSourcePath,
  find: (files: readonly SourceFile[]): Finding[] => {
    const workspaces = readWorkspaces(files);
    return files
      .filter((file) => moduleReach.concerns(file.path))
      .flatMap((file) => {
        const from = workspaceOf({ path: file.path, workspaces });
        if (/\.[cm]ts$/.test(file.path))
          return [{ path: file.path, line: 0, message: 'turbo does not read this kind of file' }];
        return moduleReferences(file.text).flatMap((reference) => {
          const message = complaint({ reference, path: file.path, from, workspaces });
          return message === undefined ? [] : [{ path: file.path, line: reference.line, message }];
        });
      });
  },
};

interface Question {
  readonly reference: ModuleReference;
  readonly path: string;
  readonly from: Workspace | undefined;
  readonly workspaces: readonly Workspace[];
}

function complaint(question: Question): string | undefined {
  const { specifier } = question.reference;
  if (specifier === undefined) {
    return isTestCode(question.path) ? undefined : 'imports a module whose name is computed';
  }
  if (specifier.startsWith(SCOPE)) return complainAboutPackage({ ...question, specifier });
  if (specifier.startsWith('#')) return question.reference.isImport ? `imports the alias «${specifier}»` : undefined;
  if (/^(?:\/|file:|https?:)/.test(specifier)) {
    return question.reference.isImport ? `imports by address: «${specifier}»` : undefined;
  }
  if (specifier.startsWith('.')) return complainAboutPath({ ...question, specifier });
  return complainAboutRootTool({ ...question, specifier });
}

function complainAboutPackage(question: Question & { readonly specifier: string }): string | undefined {
  const [scope, name, ...rest] = question.specifier.split('/');
  const target = question.workspaces.find((workspace) => workspace.manifest.name === `${scope}/${name}`);
  if (target === undefined) return `names «${question.specifier}», which is no workspace`;
  if (!maySee({ ...question, target })) return `reaches ${target.directory}, which its tier may not see`;
  const door = rest.length === 0 ? '.' : `./${rest.join('/')}`;
  const { exports } = target.manifest;
  const isDoor = typeof exports === 'object' && door in exports;
  return isDoor ? undefined : `enters ${target.directory} by «${door}», which its exports do not name`;
}

function complainAboutPath(question: Question & { readonly specifier: string }): string | undefined {
  const path = posix.normalize(posix.join(posix.dirname(question.path), question.specifier));
  const target = workspaceOf({ path, workspaces: question.workspaces });
  if (target === undefined || target === question.from) return undefined;
  if (question.reference.isImport) return `imports a file of ${target.directory} by its path`;
  return maySee({ ...question, target })
    ? undefined
    : `names a file of ${target.directory}, which its tier may not see`;
}

// The tools of the root are on hand everywhere because they are installed above every workspace.
function complainAboutRootTool(question: Question & { readonly specifier: string }): string | undefined {
  if (!question.reference.isImport || isTestCode(question.path)) return undefined;
  const name = question.specifier
    .split('/')
    .slice(0, question.specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const root = question.workspaces.find((workspace) => workspace.directory === '')?.manifest.devDependencies ?? {};
  const own = question.from?.manifest.dependencies ?? {};
  return name in root && !(name in own) ? `uses ${name}, which is for tests only` : undefined;
}

/** Whether the tags allow the edge. Allow-lists name every lower tier, so one look is enough. */
function maySee(question: Question & { readonly target: Workspace }): boolean {
  const { from, target } = question;
  if (from === undefined || from === target) return true;
  const rules = question.workspaces.find((workspace) => workspace.directory === '')?.turbo?.boundaries?.tags ?? {};
  const targetTags = target.turbo?.tags ?? [];
  const fromTags = from.turbo?.tags ?? [];
  if (fromTags.length === 0) return false;
  return fromTags.every((tag) =>
    targetTags.some((allowed) => rules[tag]?.dependencies?.allow?.includes(allowed) ?? false),
  );
}
