import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';

/** The options behind the name of a script, by the rules of `parseArgs`. Problems: `setting_invalid`. */
export function readScriptOptions<const Options extends ParseArgsOptionsConfig>(
  options: Options,
): Result<ReturnType<typeof parseArgs<{ options: Options }>>['values'], LocalProblem> {
  try {
    return accepted(parseArgs({ options }).values);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const names = Object.entries(options).map(([name, { type }]) => `--${name}${type === 'string' ? ' …' : ''}`);
    const message = `${error.message.split('. ')[0] ?? ''}.`;
    return refused({ code: 'setting_invalid', message, whatToDo: `The options are: ${names.join(', ')}` });
  }
}
