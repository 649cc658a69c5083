import { createDrillWorld, runDrill } from './tamper-drill.ts';
import { tamperings } from './tamperings.ts';

// Needs KF_TEST_DATABASE_URL, the address of a superuser on a cluster that is thrown away: `bun run drill` gives it one.

const shown = 4;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const drill = await createDrillWorld();
try {
  const { summary } = await drill.verify();
  print(`A tenant with ${summary.receipts} receipts, published, and its checkpoint kept by somebody outside.\n`);
  const results = await runDrill(drill, ({ name, subject, verifier, monitor }) => {
    print(`${name}\n  (${subject})`);
    for (const [who, findings] of [
      ['offline verifier', verifier],
      ['monitor', monitor],
    ] as const) {
      if (findings.length === 0) print(`  ${who} does not see it`);
      for (const finding of findings.slice(0, shown)) print(`  ${who}: ${finding}`);
      if (findings.length > shown) print(`  ${who}: and ${findings.length - shown} more`);
    }
    print('');
  });
  const noticed = results.filter(({ verifier, monitor }) => verifier.length + monitor.length > 0).length;
  print(`${noticed} of ${tamperings.length} tamperings noticed`);
  process.exitCode = noticed === tamperings.length ? 0 : 1;
} finally {
  await drill.close();
}
