import { parseArgs } from 'node:util';

/** What is to be checked, and under whose keys. */
export interface VerifyArguments {
  /** A bundle, a receipt, or an answer with a receipt. */
  readonly file: string;
  /** The published key set of receipts, from a place that the reader trusts. */
  readonly keysFile: string | null;
  /** Verifier keys of the log, or files that hold them. */
  readonly logKeys: readonly string[];
  /** Where the newest checkpoint is kept from one run to the next. */
  readonly rememberFile: string | null;
  /** The proof of one receipt (C2SP tlog-proof). */
  readonly proofFile: string | null;
}

export const usage = `Usage: bun run verify -- <bundle or receipt> [options]

  <bundle or receipt>    an answer of GET /v1/audit/bundle, or a receipt, or an answer that holds one
  --keys <file>          the key set at /.well-known/karmanflow/receipt-keys.json; also as a second argument
  --log-key <key|file>   the verifier key of the log, «<name>+<id>+<base64>»: that of <host>/log is
                         the key of every tenant; may be given several times
  --remember <file>      keeps the newest checkpoint and the keys there, and next time checks against them
  --proof <file>         for a receipt: the answer of GET /v1/receipts/<id>/proof

Nothing is asked of anybody over a network. Exit code 0: everything that was checked holds. 1: something does not.
2: there was nothing to check.`;

/** Reads the command line, or says what is wrong with it. */
export function readVerifyArguments(words: readonly string[]): VerifyArguments | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        keys: { type: 'string' },
        'log-key': { type: 'string', multiple: true },
        remember: { type: 'string' },
        proof: { type: 'string' },
      },
    });
    const [file, keysFile = null, ...rest] = positionals;
    if (file === undefined) return { problem: 'no file is named' };
    if (rest.length > 0) return { problem: 'too many files are named' };
    if (keysFile !== null && values.keys !== undefined) return { problem: 'the keys are named twice' };
    return {
      file,
      keysFile: values.keys ?? keysFile,
      logKeys: values['log-key'] ?? [],
      rememberFile: values.remember ?? null,
      proofFile: values.proof ?? null,
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
