import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { isManifestPath, readWorkspaces } from '../workspaces.ts';
import type { Workspace } from '../workspaces.ts';

// The tier of every workspace. Turbo judges edges; it is silent about a workspace that has no tag and no dependents.
const TIERS: Readonly<Record<string, string>> = {
  'packages/schema': 'tier-0',
  'packages/policy': 'tier-1',
  'packages/receipts': 'tier-1',
  'packages/events': 'tier-1-events',
  'packages/commands': 'tier-2-commands',
  'packages/webhooks': 'tier-2-webhooks',
  'packages/agents': 'tier-3',
  'packages/runtime': 'tier-3',
  conformance: 'conformance',
  tools: 'tools',
};

/** Every workspace has a turbo.json with the tag of its tier, and the root says what each tag may depend on. */
export const workspaceTags: TidyCheck = {
  name: 'workspace-tags',
  concerns: (path) => isManifestPath(path) && path !== 'package.json',
  find: (files: readonly SourceFile[]): Finding[] => {
    const workspaces = readWorkspaces(files);
    const root = workspaces.find((workspace) => workspace.directory === '');
    const rules = root?.turbo?.boundaries?.tags ?? {};
    const open = Object.entries(rules)
      .filter(([, rule]) => rule.dependencies?.allow === undefined)
      .map(([tag]) => ({
        path: 'turbo.json',
        line: 0,
        message: `the tag ${tag} has no list of what it may depend on`,
      }));
    const untagged = workspaces
      .filter((workspace) => workspace.directory !== '')
      .flatMap((workspace) => {
        const message = complaint({ workspace, known: new Set(Object.keys(rules)) });
        return message === undefined ? [] : [{ path: `${workspace.directory}/turbo.json`, line: 0, message }];
      });
    return [...open, ...untagged];
  },
};

function complaint(input: { readonly workspace: Workspace; readonly known: ReadonlySet<string> }): string | undefined {
  const { directory, turbo } = input.workspace;
  if (turbo === undefined) return 'is missing';
  const tags = turbo.tags ?? [];
  const expected = /^apps\/[^/]+$/.test(directory) ? 'app' : TIERS[directory];
  if (expected === undefined) return 'belongs to a workspace whose tier nobody has stated';
  if (tags.length !== 1 || tags[0] !== expected) return `has the tags [${tags.join(', ')}], not [${expected}]`;
  if (!input.known.has(expected)) return `has the tag ${expected}, which the root turbo.json does not define`;
  return undefined;
}
