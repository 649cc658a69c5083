import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** One word of a command line, quoted for sh, bash and zsh where it has to be. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command over several lines: the first word with its arguments, then one option on each line. */
export function shellCommand(lines: readonly (readonly string[])[]): string {
  return lines.map((words) => words.map(shellWord).join(' ')).join(' \\\n  ');
}

/**
 * How a person starts Bun in a shell of their own: `bun` when that is the Bun that runs us, otherwise through npx, which
 * is also how somebody got here who never installed it.
 */
export function bunCommand(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly executable: string;
  readonly version: string;
}): string {
  const { environment, executable, version } = options;
  // Package runners put folders of their own first in the path, which the person's next shell will not have.
  const folders = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !/[/\\](?:_npx|node_modules)[/\\]|[/\\]bun-node-/.test(`${folder}/`));
  const ours = realPathOf(executable);
  const found = folders.map((folder) => realPathOf(join(folder, 'bun'))).find((path) => path !== null);
  return found !== undefined && found === ours ? 'bun' : `npx -y bun@${version}`;
}

/** How a person runs a script of the checkout from any folder: everything but the name of the script. */
export function runCommand(options: {
  readonly bun: string;
  readonly root: string;
  /** Variables that the script needs as well, to find what was started with them. */
  readonly variables: Readonly<Record<string, string>>;
}): string {
  const assignments = Object.entries(options.variables).map(([name, value]) => `${name}=${shellWord(value)} `);
  return `${assignments.join('')}${options.bun} run --cwd ${shellWord(options.root)}`;
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
