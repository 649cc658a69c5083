import * as v from 'valibot';
import { httpSignatureLimits } from '../http-signatures/http-signature-limits.ts';
import { isSupportedComponent } from '../http-signatures/component-value.ts';
import { inboundLimits } from './inbound-limits.ts';
import type { InboundPreset } from './inbound-preset.ts';

/** How messages of a sender are verified that signs them by RFC 9421. What is not covered is not proven. */
export interface HttpSignaturePreset extends Pick<InboundPreset, 'claims' | 'body' | 'delivery'> {
  readonly name: 'http-signatures';
  /** Each must be covered. Among them are the digest of the body, and what says for which address it was signed. */
  readonly requiredComponents: readonly string[];
  /** How far `created` may be from now, on either side. */
  readonly toleranceSeconds: number;
  /** What makes a message the same when it is sent again. All three are covered by the signature. */
  readonly messageId:
    | { readonly source: 'nonce' }
    | { readonly source: 'header'; readonly header: string }
    | { readonly source: 'body'; readonly pointer: string };
  readonly label?: string;
  readonly tag?: string;
}

/** `problems` are for whoever wrote the settings. At most ten. */
export type HttpSignaturesParse =
  | { readonly ok: true; readonly preset: HttpSignaturePreset }
  | { readonly ok: false; readonly problems: readonly string[] };

const component = v.pipe(v.string(), v.check(isSupportedComponent, 'A component is one that is supported here.'));
const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'A header name is lower case.'));

const settingsShape = v.strictObject({
  requiredComponents: v.optional(
    v.pipe(
      v.array(component),
      v.maxLength(httpSignatureLimits.componentsMax),
      // Else what was signed for one source could be sent to another that knows the same key.
      v.check((names) => names.includes('@target-uri') || names.includes('@path'), 'The address must be covered.'),
    ),
    ['@method', '@target-uri'],
  ),
  messageId: v.optional(
    v.variant('source', [
      v.strictObject({ source: v.literal('nonce') }),
      v.strictObject({ source: v.literal('header'), header: headerName }),
      v.strictObject({
        source: v.literal('body'),
        pointer: v.pipe(
          v.string(),
          v.maxLength(inboundLimits.pointerMaxCharacters),
          v.regex(/^(?:\/(?:[^~/]|~[01])*)+$/),
        ),
      }),
    ]),
    { source: 'nonce' },
  ),
  label: v.exactOptional(v.pipe(v.string(), v.regex(/^[a-z*][a-z0-9_.*-]{0,63}$/))),
  tag: v.exactOptional(v.pipe(v.string(), v.maxLength(255), v.regex(/^[!#-[\]-~]+$/))),
});

const retentionSeconds = 30 * 86_400;

/**
 * The preset of a sender that signs by RFC 9421. The digest of the body is always among what must be covered, and a header
 * that holds the message's id as well.
 */
export function configureHttpSignatures(
  settings: unknown,
  { toleranceSeconds }: { readonly toleranceSeconds: number },
): HttpSignaturesParse {
  // An array passes for an object without members.
  if (Array.isArray(settings)) return { ok: false, problems: ['The settings are not an object.'] };
  const parsed = v.safeParse(settingsShape, settings);
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => {
      const path = v.getDotPath(issue);
      return path === null ? issue.message : `${path}: ${issue.message}`;
    });
    return { ok: false, problems: problems.slice(0, inboundLimits.problemsMax) };
  }
  const { requiredComponents, messageId, label, tag } = parsed.output;
  const alsoRequired = ['content-digest', ...(messageId.source === 'header' ? [messageId.header] : [])];
  return {
    ok: true,
    preset: {
      name: 'http-signatures',
      requiredComponents: [...new Set([...requiredComponents, ...alsoRequired])],
      toleranceSeconds: Math.min(toleranceSeconds, httpSignatureLimits.toleranceMaxSeconds),
      messageId,
      ...(label === undefined ? {} : { label }),
      ...(tag === undefined ? {} : { tag }),
      // The id is covered, so the same content under another id is another message.
      claims: { retentionSeconds, repeatedContent: 'accept' },
      body: { mayBeEmpty: false, maxBytes: inboundLimits.bodyDefaultMaxBytes },
      delivery: { deadlineSeconds: 15, retryHorizonSeconds: 7 * 86_400 },
    },
  };
}
