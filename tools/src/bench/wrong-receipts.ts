import { verifyReceipt } from '@karmanflow/receipts';

/**
 * What is wrong with receipts, given the answers in which callers received them: each must verify with nothing but the
 * published keys. No answers at all are wrong as well.
 */
export function wrongReceipts(options: { readonly keys: unknown; readonly bodies: readonly string[] }): string[] {
  const { keys, bodies } = options;
  if (bodies.length === 0) return ['no answer with a receipt was seen'];
  return bodies.flatMap((body) => {
    const { receipt: document } = JSON.parse(body) as { receipt?: unknown }; // verifyReceipt doubts what is in it.
    const verification = verifyReceipt({ document, keys });
    return verification.ok ? [] : [`a receipt does not verify: ${verification.code}, ${verification.detail}`];
  });
}
