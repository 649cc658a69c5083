import { lineAt } from './pattern-check.ts';

/** A place where a file names another module. */
export interface ModuleReference {
  /** Undefined when the name is computed while the program runs. */
  readonly specifier: string | undefined;
  readonly line: number;
  /** False for a string that looks like a path, whose use is not known. */
  readonly isImport: boolean;
}

const STATIC_IMPORTS = [
  /\b(?:from|import)\s*(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>/g,
  /\bimport\s*\(\s*(?<quote>['"`])(?<specifier>[^'"`\n]+)\k<quote>/g,
  /\brequire(?:\.resolve)?\s*\(\s*(?<quote>['"`])(?<specifier>[^'"`\n]+)\k<quote>/g,
  /\b(?:import\.meta\.resolve|resolveSync|mock\.module)\s*\(\s*(?<quote>['"`])(?<specifier>[^'"`\n]+)\k<quote>/g,
  /<reference\s+(?:path|types)=(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>/g,
  /\bdeclare\s+module\s+(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>/g,
];
const UPWARD_STRING = /(?<quote>['"`])(?<specifier>\.\.\/[^'"`\n]*)\k<quote>/g;
const COMPUTED_IMPORT = /\b(?:import|import\.meta\.resolve)\s*\(\s*(?:[A-Za-z_$([]|`[^`\n]*\$\{)/g;

/**
 * Every module that a source text names, by any means that a regular expression can recognise. It reads comments and
 * strings as well: it errs towards seeing too much, because what it guards is a wall.
 */
export function moduleReferences(text: string): ModuleReference[] {
  const imports = STATIC_IMPORTS.flatMap((pattern) => named({ text, pattern, isImport: true }));
  const seen = new Set(imports.map((reference) => `${reference.line} ${reference.specifier}`));
  const strings = named({ text, pattern: UPWARD_STRING, isImport: false }).filter(
    (reference) => !seen.has(`${reference.line} ${reference.specifier}`),
  );
  const computed = [...text.matchAll(COMPUTED_IMPORT)].map((match) => ({
    specifier: undefined,
    line: lineAt({ text, offset: match.index }),
    isImport: true,
  }));
  return [...imports, ...strings, ...computed];
}

function named(input: {
  readonly text: string;
  readonly pattern: RegExp;
  readonly isImport: boolean;
}): ModuleReference[] {
  return [...input.text.matchAll(input.pattern)].map((match) => ({
    specifier: match.groups?.['specifier'],
    line: lineAt({ text: input.text, offset: match.index }),
    isImport: input.isImport,
  }));
}
