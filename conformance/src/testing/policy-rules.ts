import type { RuleLists } from '../governance/governed.ts';

export interface OpenRules {
  readonly lists: RuleLists;
  restore(): void;
}

/**
 * The lists of rules inside the package that decides, which exports none of them: a saboteur of policy has to break in. The
 * modules are the very ones that the API of this process runs on.
 */
export async function openRules(): Promise<OpenRules> {
  const index = import.meta.resolve('@karmanflow/policy');
  const load = async <Name extends keyof RuleLists>(file: string, name: Name): Promise<RuleLists[Name]> => {
    const module: Record<string, unknown> = await import(new URL(file, index).href);
    const list = module[name];
    if (!Array.isArray(list) || list.length < 3) throw new Error(`${file} has no list ${name}`);
    return list as RuleLists[Name]; // Lists of rules, as their modules declare them.
  };
  const lists: RuleLists = {
    commandRules: await load('./command-rules.ts', 'commandRules'),
    voteRules: await load('./vote-rules.ts', 'voteRules'),
  };
  const kept = { commandRules: [...lists.commandRules], voteRules: [...lists.voteRules] };
  return {
    lists,
    restore() {
      lists.commandRules.splice(0, Infinity, ...kept.commandRules);
      lists.voteRules.splice(0, Infinity, ...kept.voteRules);
    },
  };
}
