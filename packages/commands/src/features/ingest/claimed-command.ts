import type { Id } from '@karmanflow/schema';
import type { AnyCommand, StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import type { ParsedCommand } from '../../executor/parse-command.ts';
import { ingestClaim } from './entities.ts';
import { messageClaimed } from './events.ts';

/** What makes a message the one that it is, for the source that sent it. */
export interface MessageClaim {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly messageKey: string;
  readonly contentKey: string;
  readonly bodyKey: string;
  readonly messageId: string;
  readonly subject: string | null;
}

type ClaimKeys = Pick<MessageClaim, 'ingestSourceId' | 'messageKey' | 'contentKey'>;

/** The rows that tell whether a message was taken: by its id, and by what was signed. */
export function claimLoads({ ingestSourceId, messageKey, contentKey }: ClaimKeys): Load[] {
  return [
    rowsWhere(ingestClaim, { ingestSourceId, messageKey }),
    rowsWhere(ingestClaim, { ingestSourceId, contentKey }),
  ];
}

export function isClaimed(state: StateReader, { ingestSourceId, messageKey, contentKey }: ClaimKeys): boolean {
  return (
    state.get(ingestClaim, { ingestSourceId, messageKey }) !== undefined ||
    state.get(ingestClaim, { ingestSourceId, contentKey }) !== undefined
  );
}

/**
 * A command that takes a message in the very transaction in which it has its effect: with its own events it emits the claim,
 * whose row two unique keys keep from being there twice. Type, scope, risk and input stay those of the command, so policy
 * and approvals see nothing else. One that is refused, or that waits, claims nothing: its receipt holds the key.
 */
export function claimedCommand(command: ParsedCommand, claim: MessageClaim): ParsedCommand {
  const { definition } = command;
  const wrapped: AnyCommand = {
    ...definition,
    refusals: [...definition.refusals, 'message_claimed'],
    load: (input, scope) => [...definition.load(input, scope), ...claimLoads(claim)],
    decide: (state, input, ctx) => {
      if (isClaimed(state, claim)) return { kind: 'refuse', code: 'message_claimed', detail: {} };
      const verdict = definition.decide(state, input, ctx);
      if (verdict.kind === 'refuse') return verdict;
      const claimed = messageClaimed.of({ ...claim, outcome: 'PROCESSED', commandReceiptId: null });
      return { ...verdict, events: [...verdict.events, claimed] };
    },
  };
  return { ...command, definition: wrapped };
}
