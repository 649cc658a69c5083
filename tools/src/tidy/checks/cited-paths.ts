import { posix } from 'node:path';

import { lineAt } from '../pattern-check.ts';
import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const CITED_ROOTS = /^(?:packages|apps|conformance|tools|docs|infra|\.github|\.ci)\//;
const INLINE_CODE = /`([^`\n]+)`/g;
const LINK = /\]\(([^()\s]+)\)/g;
const FENCE = /^(?<fence>```+|~~~+)[^\n]*\n[\s\S]*?^\k<fence>[ \t]*$/gm;

/** Every path that a document names in backticks, and every relative link, leads to something that exists. */
export const citedPaths: TidyCheck = {
  name: 'cited-paths',
  concerns: (path) => path.endsWith('.md'),
  find: (files: readonly SourceFile[]): Finding[] => {
    const known = knownPaths(files);
    return files
      .filter((file) => citedPaths.concerns(file.path))
      .flatMap((file) => {
        // Blanked rather than cut, so that line numbers stay true.
        const text = file.text.replace(FENCE, (block) => block.replace(/[^\n]/g, ' '));
        return [...citations(text), ...links({ text, path: file.path })]
          .filter((cited) => !exists({ cited: cited.path, known }))
          .map((cited) => ({
            path: file.path,
            line: lineAt({ text, offset: cited.offset }),
            message: `cites «${cited.path}», which does not exist`,
          }));
      });
  },
};

interface Citation {
  readonly path: string;
  readonly offset: number;
}

function citations(text: string): Citation[] {
  return [...text.matchAll(INLINE_CODE)].flatMap((match) => {
    const path = (match[1] ?? '').trim().replace(/(?::\d+(?:-\d+)?|#.*|\/)$/, '');
    if (!CITED_ROOTS.test(`${path}/`) || !path.includes('/') || /\s/.test(path)) return [];
    return [{ path, offset: match.index }];
  });
}

function links(input: { readonly text: string; readonly path: string }): Citation[] {
  return [...input.text.matchAll(LINK)].flatMap((match) => {
    const target = (match[1] ?? '').replace(/#.*$/, '');
    if (target === '' || /^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(target)) return [];
    const path = posix.normalize(posix.join(posix.dirname(input.path), decodeURI(target))).replace(/\/$/, '');
    return path === '.' ? [] : [{ path, offset: match.index }];
  });
}

function knownPaths(files: readonly SourceFile[]): string[] {
  const known = new Set<string>();
  for (const file of files) {
    const names = file.path.split('/');
    for (let length = 1; length <= names.length; length += 1) known.add(names.slice(0, length).join('/'));
  }
  return [...known];
}

// «<feature>» stands for any one name; «*», «**» and «{a,b}» mean what they mean in a glob. One match is enough.
function exists(input: { readonly cited: string; readonly known: readonly string[] }): boolean {
  if (!/[<*{]/.test(input.cited)) return input.known.includes(input.cited);
  const glob = new Bun.Glob(input.cited.replace(/<[^>]+>/g, '*'));
  return input.known.some((path) => glob.match(path));
}
