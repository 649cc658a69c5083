import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const USES = /^\s*(?:-\s+)?uses:\s*(.+)$/;
const PINNED = /^(?:[\w.-]+\/[\w./-]+@[0-9a-f]{40}\s+# v\d+\.\d+\.\d+|\.\/\S+)\s*$/;

/** Workflows name each action by its full commit with the version beside it, and start from no permissions that write. */
export const actionPins: TidyCheck = {
  name: 'action-pins',
  concerns: (path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path),
  find: (files: readonly SourceFile[]): Finding[] =>
    files.filter((file) => actionPins.concerns(file.path)).flatMap((file) => [...unpinned(file), ...permissions(file)]),
};

function unpinned(file: SourceFile): Finding[] {
  return file.text.split('\n').flatMap((text, index) => {
    const target = USES.exec(text)?.[1];
    if (target === undefined || PINNED.test(target)) return [];
    return [{ path: file.path, line: index + 1, message: 'an action that is not pinned by commit with its version' }];
  });
}

function permissions(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  if (!/^permissions:/m.test(file.text))
    findings.push({ path: file.path, line: 0, message: 'declares no permissions' });
  if (/^\s*pull_request_target\b/m.test(file.text)) {
    findings.push({ path: file.path, line: 0, message: 'runs on pull_request_target' });
  }
  return findings;
}
