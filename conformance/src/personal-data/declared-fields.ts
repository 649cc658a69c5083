import { type AnyCommand, createRegistry, parseCommand, type Registry } from '@karmanflow/commands';
import * as v from 'valibot';
import type { Check, Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import { withCommand, withInput } from '../surface/loosened-registry.ts';
import { fieldNamesOf, fieldOf } from './field-names.ts';

/** What the registry of this build declares. A saboteur puts another in its place. */
export interface Declarations {
  registry: Registry;
}

/** Fields whose names say that they are about somebody, whoever forgot to declare them. */
const soundsPersonal =
  /(?:person|first|last|full|given|family|display|contact|customer)_?name|e_?mail|phone|birth|(?:postal|street|home|billing|shipping)_?address|passport|iban/iu;

function personalOf({ commands }: Registry): ReadonlySet<string> {
  return new Set([...commands.values()].flatMap(({ personal = [] }) => personal));
}

/** What is declared personal is a field of the input, and what sounds personal is declared. */
function judgeInput(evidence: Evidence, { type, input, personal = [] }: AnyCommand): void {
  const fields = fieldNamesOf(input);
  evidence.see('input fields', fields.length);
  for (const field of personal) {
    evidence.see('declared personal fields');
    if (!fields.includes(field))
      evidence.violation(`${type}: ${field} is declared personal and is no field of its input`);
  }
  for (const path of fields) {
    if (soundsPersonal.test(fieldOf(path)) && !personal.includes(path)) {
      evidence.violation(`${type}: ${path} sounds like somebody’s, and is not declared personal`);
    }
  }
}

/** What parsing leaves of an input, which is what everything after it sees, holds no personal value; parsing keeps it apart. */
function judgeParsing(evidence: Evidence, definition: AnyCommand): void {
  for (const field of definition.personal ?? []) {
    evidence.see('values kept apart');
    const loose = { ...definition, input: v.looseObject({ [field]: v.string() }) };
    const parsed = parseCommand(loose, { [field]: 'somebody', other: 1 });
    const isApart =
      parsed.ok &&
      JSON.stringify(parsed.command.input) === '{"other":1}' &&
      parsed.command.personal.some((one) => one.field === field && one.value === 'somebody');
    if (!isApart) evidence.violation(`${definition.type}: ${field} is left in what receipts and approvals keep`);
  }
}

function judgeKept(
  evidence: Evidence,
  kept: { readonly what: string; readonly schema: unknown },
  personal: ReadonlySet<string>,
): void {
  const paths = fieldNamesOf(kept.schema);
  evidence.see('fields of events and answers', paths.length);
  for (const path of paths) {
    const field = fieldOf(path);
    if (personal.has(field)) evidence.violation(`${kept.what} has ${path}, which is personal where it comes from`);
    else if (soundsPersonal.test(field)) evidence.violation(`${kept.what} has ${path}, which sounds like somebody’s`);
  }
}

function declaring(
  text: { readonly name: string; readonly mentions: string },
  change: (registry: Registry) => Registry,
): Saboteur<Declarations> {
  return { ...text, apply: async (declarations) => void (declarations.registry = change(declarations.registry)) };
}

export const declaredFields: Check<Declarations> = {
  id: 'personal-data.declared-fields',
  family: 'personal-data',
  claim:
    'No field of an event or of a stored answer holds what a command declares personal or what is named after a person, and parsing keeps such values out of what is recorded.',
  mechanism: 'the schemas of all commands and events of the registry, walked to their last field',
  subject: 'declarations',
  async run({ registry }) {
    const evidence = gatherEvidence();
    const personal = personalOf(registry);
    for (const definition of registry.commands.values()) {
      judgeInput(evidence, definition);
      judgeParsing(evidence, definition);
      judgeKept(evidence, { what: `the answer of ${definition.type}`, schema: definition.output }, personal);
    }
    for (const { type, data } of registry.events.values()) {
      judgeKept(evidence, { what: `the event ${type}`, schema: data }, personal);
    }
    return evidence.finding([
      'input fields',
      'declared personal fields',
      'values kept apart',
      'fields of events and answers',
    ]);
  },
  saboteurs: [
    declaring(
      { name: 'a personal field is no longer declared', mentions: 'access.register_principal: personName sounds like' },
      (registry) =>
        withCommand(registry, 'access.register_principal', ({ personal: _personal, ...command }) => command),
    ),
    declaring(
      {
        name: 'a command takes an address for mail',
        mentions: 'inventory.register_location: contact.email sounds like',
      },
      (registry) =>
        withInput(registry, 'inventory.register_location', () =>
          v.strictObject({ code: v.string(), contact: v.optional(v.strictObject({ email: v.string() })) }),
        ),
    ),
    declaring(
      { name: 'an event repeats a name', mentions: 'the event access.principal.registered has people.personName' },
      (registry) => {
        const data = v.strictObject({ people: v.array(v.strictObject({ personName: v.string() })) });
        const type = 'access.principal.registered';
        return createRegistry(
          registry.features.map((feature) => ({
            ...feature,
            events: feature.events.map((event) => (event.type === type ? { ...event, data } : event)),
          })),
        );
      },
    ),
    declaring(
      { name: 'an answer repeats a name', mentions: 'the answer of access.register_principal has personName' },
      (registry) =>
        withCommand(registry, 'access.register_principal', (command) => ({
          ...command,
          output: v.strictObject({ personName: v.string() }),
        })),
    ),
    declaring(
      { name: 'a declared field is not in the input', mentions: 'access.create_environment: mobile is declared' },
      (registry) =>
        withCommand(registry, 'access.create_environment', (command) => ({ ...command, personal: ['mobile'] })),
    ),
  ],
};
