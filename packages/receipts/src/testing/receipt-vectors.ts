import { receiptFormat } from '../receipt-body.ts';
import { receiptDocument, type ReceiptDocument } from '../receipt-document.ts';
import { signReceipt } from '../sign-receipt.ts';
import { invalidVectors, type InvalidVector } from './invalid-vectors.ts';
import { approved, denied, pendingApproval, refused, succeeded } from './sample-receipts.ts';
import { current, currentNotBefore, former, formerNotAfter, stranger, vectorKeySet } from './vector-signers.ts';
import type { KeySetDocument } from '../key-set.ts';
import type { ReceiptBody } from '../receipt-body.ts';
import type { VectorSigner } from './vector-signers.ts';

export interface ValidVector {
  readonly name: string;
  readonly signer: string;
  readonly canonical: string;
  readonly document: ReceiptDocument;
}

export interface ReceiptVectors {
  readonly about: readonly string[];
  readonly format: string;
  readonly signers: readonly { readonly name: string; readonly seed: string; readonly keyId: string }[];
  readonly keySet: KeySetDocument;
  readonly valid: readonly ValidVector[];
  readonly equivalent: readonly { readonly name: string; readonly of: string; readonly documentText: string }[];
  readonly invalid: readonly InvalidVector[];
}

const about = [
  'KarmanFlow receipt vectors. docs/reference/receipt-format.md says how to verify a receipt.',
  'The seeds are TEST ONLY: they are hashes of published text, no secrets, and sign nothing but this file.',
  'valid: document verifies with keySet; canonical is the RFC 8785 form of document.receipt.',
  'equivalent: documentText is other JSON text of the valid document named in "of"; it verifies too.',
  'invalid: refused with code. document may be documentText instead; keySet stands in for the common one if present.',
];

/** Makes the content of vectors/receipts.json anew. Ed25519 is deterministic, so it is the same each time. */
export function buildReceiptVectors(): ReceiptVectors {
  const plain = validVector('succeeded', succeeded, current);
  return {
    about,
    format: receiptFormat,
    signers: [former, current, stranger].map(({ name, seed, signer }) => ({
      name,
      seed: seed.toHex(),
      keyId: signer.keyId,
    })),
    keySet: vectorKeySet,
    valid: [
      plain,
      validVector('refused, with numbers and text that canonicalisations differ in', refused, current),
      validVector('denied', denied, current),
      validVector('pending approval', pendingApproval, current),
      validVector('approved by two people', approved, current),
      validVector('completed as the key becomes valid', { ...succeeded, completedAt: currentNotBefore }, current),
      validVector('completed as the key expires', { ...succeeded, completedAt: formerNotAfter }, former),
    ],
    equivalent: equivalentVectors(plain),
    invalid: invalidVectors(),
  };
}

function validVector(name: string, body: ReceiptBody, { name: signerName, signer }: VectorSigner): ValidVector {
  const signed = signReceipt(body, signer);
  return {
    name,
    signer: signerName,
    canonical: new TextDecoder().decode(signed.bytes),
    document: receiptDocument(signed),
  };
}

function equivalentVectors({ name, document }: ValidVector): ReceiptVectors['equivalent'] {
  const reversed = Object.fromEntries(Object.entries(document.receipt).toReversed());
  const escaped = JSON.stringify(document).replaceAll('reservation', '\\u0072eservation').replaceAll(':1,', ':10e-1,');
  return [
    { name: 'indented', of: name, documentText: JSON.stringify(document, null, 2) },
    { name: 'members reversed', of: name, documentText: JSON.stringify({ ...document, receipt: reversed }) },
    { name: 'escapes and exponents', of: name, documentText: escaped },
  ];
}
