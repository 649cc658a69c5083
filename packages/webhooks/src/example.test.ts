import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { deliverOnce } from '../example.ts';

const readmeText = await Bun.file(new URL('../README.md', import.meta.url)).text();
const exampleText = await Bun.file(new URL('../example.ts', import.meta.url)).text();
const result = deliverOnce({ nowSeconds: 1_700_000_000, randomBytes });

test('the example does what it says', () => {
  expect(result).toEqual({
    accepted: { ok: true, messageId: 'msg_0192f0c1', timestampSeconds: 1_700_000_000, secretIndex: 0 },
    altered: { ok: false, code: 'signature_mismatch', detail: expect.any(String) },
    replayedLater: { ok: false, code: 'timestamp_too_old', detail: expect.any(String) },
  });
});

test('the README shows the example file and its real output', () => {
  expect(exampleText.length).toBeGreaterThan(500);
  expect(readmeText).toContain(`\`\`\`ts\n${exampleText}\`\`\``);
  expect(readmeText).toContain(`\`\`\`json\n${JSON.stringify(result, null, 2)}\n\`\`\``);
});
