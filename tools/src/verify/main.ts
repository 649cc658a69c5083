import { inWords, receiptIn, verifyDocument } from './verify-document.ts';

/**
 * `bun run verify -- <receipt.json> <receipt-keys.json>`: checks a receipt offline and says in words what was checked.
 * Exit code 0 when all of it holds, 1 when something does not, 2 when there is nothing to check.
 */
async function main([receiptFile, keysFile]: readonly string[]): Promise<number> {
  if (receiptFile === undefined || keysFile === undefined) {
    console.error(
      'Usage: bun run verify -- <receipt.json> <receipt-keys.json>\n' +
        'The first holds a receipt, or an answer with one; the second the keys at /.well-known/karmanflow/receipt-keys.json.',
    );
    return 2;
  }
  const [receipt, keys] = await Promise.all([readJson(receiptFile), readJson(keysFile)]);
  if (receipt === undefined || keys === undefined) return 2;
  const document = receiptIn(receipt);
  const steps = verifyDocument({ document, keys });
  for (const { holds, what, says } of steps) console.log(`  ${holds ? '✓' : '✗'} ${what.padEnd(11)}${says}`);
  const isSound = steps.every(({ holds }) => holds);
  console.log(isSound ? `\n${inWords(document)}` : '\nThis receipt must not be believed.');
  return isSound ? 0 : 1;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return await Bun.file(path).json();
  } catch (error) {
    console.error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));
