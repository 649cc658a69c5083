import { explainDecision } from '@karmanflow/policy';
import {
  type BundleVerification,
  type ExplainPolicy,
  type RememberedCheckpoint,
  splitLines,
  verifyBundle,
} from '@karmanflow/receipts';

/** The rules of this build, applied to what a receipt records. */
export const explainPolicy: ExplainPolicy = (recorded) => {
  const { agrees, decision, rule, doubts } = explainDecision(recorded);
  return { agrees, detail: agrees ? '' : `the facts lead to ${decision} by ${rule}`, doubts };
};

/** Whether a file begins as a bundle does. */
export async function isBundleFile(path: string): Promise<boolean> {
  const beginning = await Bun.file(path).slice(0, 128).text();
  return path.endsWith('.jsonl') || beginning.startsWith('{"kind":"header",');
}

/** Verifies a bundle from a file, in constant memory. */
export function verifyBundleFile(
  path: string,
  options: {
    readonly receiptKeys: unknown;
    readonly logKeys: readonly string[];
    readonly remembered: RememberedCheckpoint | null;
  },
): Promise<BundleVerification> {
  const { receiptKeys, logKeys, remembered } = options;
  return verifyBundle({
    lines: splitLines(Bun.file(path).stream()),
    trust: { receiptKeys, logKeys: logKeys.length === 0 ? null : logKeys },
    remembered,
    explainPolicy,
  });
}
