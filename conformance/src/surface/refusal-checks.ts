import * as v from 'valibot';
import type { Check, Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import {
  joined,
  missingFieldProbes,
  type Probe,
  type Probes,
  soundProbe,
  unknownFieldProbes,
  wrongTypeProbes,
} from './probe.ts';
import { type Operation, readOperations } from './read-operations.ts';
import { changedInput, documentedOnly, withOptionalFields } from './loosened-registry.ts';
import { requestLike, standingBefore } from './rewriting.ts';
import { fieldsOf } from './schema-fields.ts';
import { type Answer, sendProbe } from './send-probe.ts';
import type { Surface } from './surface.ts';

interface RefusalCheck {
  readonly name: string;
  readonly claim: string;
  readonly probesOf: (operation: Operation) => Probes;
  /**
   * The refusal names the field of the probe and no other: the rest of the request was as it should be. Otherwise what
   * the field should have held may be named, such as a member that a list in its place does not have.
   */
  readonly namesOnlyIt: boolean;
  /** Operations whose probes must have been made, so that a new one owes its case. */
  readonly owes: (operation: Operation) => boolean;
  readonly saboteurs: readonly Saboteur<Surface>[];
}

/** Statuses that are about the credential or the moment, and say nothing about the input. */
const beside = [401, 403, 408, 429, 502, 503, 504];

function judge(evidence: Evidence, probe: Probe, answer: Answer, namesOnlyIt: boolean): void {
  const said = `${probe.operation}, ${probe.what}: ${answer.status} ${answer.text.slice(0, 120)}`;
  if (beside.includes(answer.status)) return evidence.surprise(said);
  if (answer.status !== 400) return evidence.violation(`${said}, where 400 was due`);
  const names = probe.names ?? '';
  const isNamed = probe.isHeader
    ? answer.text.toLowerCase().includes(names.toLowerCase())
    : answer.json['code'] === 'input_invalid' &&
      (namesOnlyIt
        ? answer.paths.join() === names
        : answer.paths.some((path) => path === names || path.startsWith(`${names}.`)));
  return isNamed ? undefined : evidence.violation(`${said}, where a refusal of ${names || 'the body'} was due`);
}

/** A read as it should be is no bad request: otherwise its refusals would say nothing. Commands would leave something. */
async function controlReads(surface: Surface, evidence: Evidence, operations: readonly Operation[]): Promise<void> {
  for (const operation of operations.filter(({ method }) => method === 'GET')) {
    for (const probe of soundProbe(operation).probes) {
      const answer = await sendProbe(surface, probe);
      evidence.see('control: sound reads');
      const said = `control: ${probe.target}: ${answer.status} ${answer.text.slice(0, 120)}`;
      if (beside.includes(answer.status)) evidence.surprise(said);
      else if (!isSound(answer)) evidence.violation(said);
    }
  }
}

/** Found, or not there, or not there yet. */
function isSound({
  status,
  json,
}: {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}): boolean {
  return status === 200 || status === 404 || json['code'] === 'proof_pending';
}

function refusalCheck({ name, claim, probesOf, namesOnlyIt, owes, saboteurs }: RefusalCheck): Check<Surface> {
  return {
    id: `surface.${name}`,
    family: 'surface',
    claim,
    mechanism: 'each operation of /openapi.json asked over HTTP, with cases made from its own schema and example',
    subject: 'surface',
    saboteurs,
    async run(surface) {
      const evidence = gatherEvidence();
      const operations = await readOperations(surface);
      await controlReads(surface, evidence, operations);
      for (const operation of operations) {
        const { probes, missing } = probesOf(operation);
        for (const text of missing) evidence.violation(text);
        if (probes.length === 0 && owes(operation)) evidence.violation(`${operation.id}: no case could be made`);
        for (const probe of probes) {
          evidence.see(`${operation.method} operations`);
          judge(evidence, probe, await sendProbe(surface, probe), namesOnlyIt);
        }
      }
      return evidence.finding(['GET operations', 'POST operations']);
    },
  };
}

const unknownFields = refusalCheck({
  name: 'unknown-fields',
  claim:
    'Every operation refuses a field or parameter that it does not know, also inside nested objects, and names it.',
  probesOf: unknownFieldProbes,
  namesOnlyIt: true,
  owes: () => true,
  saboteurs: [
    changedInput('a command ignores unknown fields', 'inventory.register_variant', (input) =>
      v.looseObject(v.is(v.object({ entries: v.any() }), input) ? input.entries : {}),
    ),
    changedInput('a command is documented and validates nothing', 'reservation.create', documentedOnly),
    standingBefore(
      'unknown parameters are dropped before they arrive',
      'inventory.levels, an unknown parameter: 200',
      (handler) => (request) => handler(new Request(request.url.replace(/[?&]conformance_\w+=1/, ''), request)),
    ),
    standingBefore(
      'nested unknown fields are dropped before they arrive',
      'reservation.create, unknown lines.0.conformance_unknown',
      (handler) => async (request) =>
        handler(await requestLike(request, { body: (text) => text.replace(/,"conformance_\w+":1(?=\}\])/, '') })),
    ),
  ],
});

const wrongTypes = refusalCheck({
  name: 'wrong-types',
  claim: 'Every operation refuses, by name, a field of another JSON type than it declares, and converts none.',
  probesOf: wrongTypeProbes,
  namesOnlyIt: false,
  owes: ({ method, parameters }) =>
    method === 'POST' || parameters.some((one) => one.in !== 'header' && 'pattern' in one.schema),
  saboteurs: [
    changedInput('a command is documented and validates nothing', 'reservation.cancel', documentedOnly),
    changedInput(
      'a command takes anything',
      'inventory.adjust',
      () => v.any(),
      'inventory.adjust: the description lacks',
    ),
    standingBefore(
      'numbers are made of text on the way',
      'inventory.adjust, delta as "1"',
      (handler) => async (request) =>
        handler(await requestLike(request, { body: (text) => text.replace('"delta":"1"', '"delta":1') })),
    ),
  ],
});

const missingFields = refusalCheck({
  name: 'missing-fields',
  claim: 'Every operation refuses a request that lacks a required field, parameter or header, and fills in nothing.',
  probesOf: missingFieldProbes,
  namesOnlyIt: false,
  owes: ({ parameters, body }) =>
    parameters.some((one) => one.required && one.in !== 'path') ||
    fieldsOf(body?.schema ?? {}).some(({ required, path }) => required && path.length === 1),
  saboteurs: [
    changedInput('a command is documented and validates nothing', 'inventory.set_safety_stock', documentedOnly),
    changedInput(
      'a command needs none of its fields and says otherwise',
      'inventory.register_location',
      withOptionalFields,
    ),
    standingBefore(
      'a missing idempotency key is made up',
      'without the header Idempotency-Key: 4',
      (handler) => async (request) =>
        handler(
          await requestLike(request, {
            headers: (headers) => {
              if (!headers.has('idempotency-key')) headers.set('idempotency-key', 'made-up');
            },
          }),
        ),
    ),
  ],
});

/** Every request that must be refused for its input. */
export function refusedProbes(operations: readonly Operation[]): Probes {
  const kinds = [unknownFieldProbes, wrongTypeProbes, missingFieldProbes];
  return joined(operations.flatMap((operation) => kinds.map((probesOf) => probesOf(operation))));
}

export const refusalChecks: readonly Check<Surface>[] = [unknownFields, wrongTypes, missingFields];
