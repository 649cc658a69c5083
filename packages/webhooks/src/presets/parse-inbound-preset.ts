import * as v from 'valibot';
import { inboundLimits } from './inbound-limits.ts';
import { inboundPresetRules } from './inbound-preset-rules.ts';
import { inboundPresetShape, type InboundPreset } from './inbound-preset.ts';

/** `problems` are for whoever wrote the description: where, and what is wrong. At most ten. */
export type InboundPresetParse =
  | { readonly ok: true; readonly preset: InboundPreset }
  | { readonly ok: false; readonly problems: readonly string[] };

const coherentPresetShape = v.pipe(
  inboundPresetShape,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const { holds, problem } of inboundPresetRules) {
      if (!holds(dataset.value)) addIssue({ message: problem });
    }
  }),
);

/** Reads a description from outside, such as a tenant's settings. An unknown field is a problem too. */
export function parseInboundPreset(description: unknown): InboundPresetParse {
  const parsed = v.safeParse(coherentPresetShape, description);
  if (parsed.success) return { ok: true, preset: parsed.output };
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return path === null ? issue.message : `${path}: ${issue.message}`;
  });
  return { ok: false, problems: problems.slice(0, inboundLimits.problemsMax) };
}
