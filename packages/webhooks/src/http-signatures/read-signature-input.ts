import { httpSignatureLimits } from './http-signature-limits.ts';
import { refuseHttpSignature, type HttpSignatureRefusal } from './http-signature-refusal.ts';
import { findHeaderLines, isFieldValue, type SignedRequest } from './signed-request.ts';
import { parseDictionary, type BareItem, type Dictionary, type InnerList } from './structured-fields.ts';

/** One signature of the request: what it covers with its parameters, and its value, whatever that is. */
export interface SignatureInput {
  readonly ok: true;
  readonly label: string;
  readonly covered: InnerList;
  readonly value: BareItem;
}

/** Finds the signature with the label, or without a label the only one there is (RFC 9421 section 4). */
export function readSignatureInput(
  request: SignedRequest,
  wantedLabel: string | undefined,
): SignatureInput | HttpSignatureRefusal {
  const dictionaries = readDictionaries(request);
  if (!dictionaries.ok) return dictionaries;
  const { inputs, signatures } = dictionaries;

  if (wantedLabel === undefined && inputs.size > 1) {
    return refuseHttpSignature('signature_ambiguous', 'There are several signatures, and none was asked for by label.');
  }
  const label = wantedLabel ?? [...inputs.keys()][0];
  const covered = label === undefined ? undefined : inputs.get(label);
  const value = label === undefined ? undefined : signatures.get(label);
  if (label === undefined || covered === undefined || value === undefined) {
    return refuseHttpSignature('signature_not_found', 'Signature-Input and Signature do not share the label.');
  }
  return { ok: true, label, covered, value };
}

type Dictionaries =
  | {
      readonly ok: true;
      readonly inputs: ReadonlyMap<string, InnerList>;
      readonly signatures: ReadonlyMap<string, BareItem>;
    }
  | HttpSignatureRefusal;

/** A second line of either header is refused, though the RFC would join it: nothing shows who added it. */
function readDictionaries(request: SignedRequest): Dictionaries {
  const inputLines = findHeaderLines(request, 'signature-input');
  const signatureLines = findHeaderLines(request, 'signature');
  if (inputLines.length === 0) return refuseHttpSignature('header_missing', 'Signature-Input is absent.');
  if (signatureLines.length === 0) return refuseHttpSignature('header_missing', 'Signature is absent.');
  if (inputLines.length > 1 || signatureLines.length > 1) {
    return refuseHttpSignature('header_duplicate', 'Signature-Input or Signature is present more than once.');
  }
  const [inputText, signatureText] = [inputLines[0], signatureLines[0]];
  const max = httpSignatureLimits.signatureHeaderMaxCharacters;
  if ([inputText, signatureText].some((text) => typeof text === 'string' && text.length > max)) {
    return refuseHttpSignature('header_too_large', `Signature-Input or Signature has more than ${max} characters.`);
  }
  const members = isFieldValue(inputText) ? parseDictionary(inputText) : undefined;
  if (members !== undefined && isTooLarge(members)) {
    return refuseHttpSignature('header_too_large', 'Signature-Input has too many labels, components or parameters.');
  }
  const inputs = readInputs(members);
  const signatures = readValues(isFieldValue(signatureText) ? parseDictionary(signatureText) : undefined);
  if (inputs === undefined) return malformed('Signature-Input');
  if (signatures === undefined) return malformed('Signature');
  return { ok: true, inputs, signatures };
}

function isTooLarge(inputs: Dictionary): boolean {
  const { labelsMax, componentsMax, parametersMax } = httpSignatureLimits;
  if (inputs.size > labelsMax) return true;
  return [...inputs.values()].some(
    (member) => member.parameters.size > parametersMax || ('items' in member && member.items.length > componentsMax),
  );
}

/** Each signature covers a list of names, and each name occurs once (RFC 9421 section 2.5). */
function readInputs(members: Dictionary | undefined): ReadonlyMap<string, InnerList> | undefined {
  if (members === undefined) return undefined;
  const inputs = new Map<string, InnerList>();
  for (const [label, member] of members) {
    if (!('items' in member) || !isListOfNames(member)) return undefined;
    inputs.set(label, member);
  }
  return inputs;
}

function isListOfNames({ items }: InnerList): boolean {
  const names = items.map(({ bare }) => (bare.kind === 'string' ? bare.value : undefined));
  return !names.includes(undefined) && new Set(names).size === names.length;
}

function readValues(members: Dictionary | undefined): ReadonlyMap<string, BareItem> | undefined {
  if (members === undefined) return undefined;
  const values = new Map<string, BareItem>();
  for (const [label, member] of members) {
    if (!('bare' in member)) return undefined;
    values.set(label, member.bare);
  }
  return values;
}

function malformed(header: string): HttpSignatureRefusal {
  return refuseHttpSignature('header_malformed', `${header} is not a dictionary of signatures.`);
}
