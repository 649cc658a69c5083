import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { claimMessage } from './commands/claim-message.ts';
import { discardMessage } from './commands/discard-message.ts';
import { expireMessage } from './commands/expire-message.ts';
import { pauseSource } from './commands/pause-source.ts';
import { quarantineMessage } from './commands/quarantine-message.ts';
import { recheckMessage } from './commands/recheck-message.ts';
import { registerSource } from './commands/register-source.ts';
import { releaseMessage } from './commands/release-message.ts';
import { resumeSource } from './commands/resume-source.ts';
import { rotateSecret } from './commands/rotate-secret.ts';
import { setLimits } from './commands/set-limits.ts';
import { setMapping } from './commands/set-mapping.ts';
import { settleMessage } from './commands/settle-message.ts';
import { tryMapping } from './commands/try-mapping.ts';
import { updateSource } from './commands/update-source.ts';
import { ingestClaim, ingestMapping, ingestQuarantine, quarantinedMessage } from './entities.ts';
import {
  messageCheckRequested,
  messageChecked,
  messageClaimed,
  messageDiscarded,
  messageExpired,
  messageQuarantined,
  messageReleased,
  messageReleaseRequested,
  messageTrialRequested,
} from './events.ts';
import { listMappings } from './queries/mappings.ts';
import { previewMapping } from './queries/preview.ts';
import { inspectMessage, listQuarantine } from './queries/quarantine.ts';
import { listSources } from './queries/sources.ts';

export { type MessageClaim, claimedCommand } from './claimed-command.ts';
export type { ClaimOutcome, QuarantineReason, QuarantineStatus } from './events.ts';
export { findHeldMessage } from './find-held-message.ts';
export { ingestBounds } from './ingest-bounds.ts';
export { mapMessage } from './mapping/map-message.ts';
export {
  type ArrivedMessage,
  type MappedCommand,
  type MappingOutcome,
  type MessageIds,
  type MessageNames,
  type MessageReading,
  type ReadMessage,
  type Unprocessable,
  unprocessable,
} from './mapping/message-reading.ts';
export { type Mapping, type MappingParse, parseMapping } from './mapping/mapping-document.ts';
export { ownMappingOf } from './mapping/mapping-of.ts';
export { failedPreview, type MessagePreview, previewMessage, type Trial, tryMessage } from './preview-message.ts';
export { type PresetSettings, settingsFromText, settingsText } from './preset-settings.ts';
export {
  lookUpMessages,
  type MessageLookUp,
  type MessageToLookUp,
  type MessageToResolve,
  resolveMessage,
  type StandingClaim,
} from './resolve-message.ts';
export {
  claimMessage,
  discardMessage,
  expireMessage,
  quarantineMessage,
  recheckMessage,
  releaseMessage,
  settleMessage,
  tryMapping,
};
export { pauseSource, registerSource, resumeSource, rotateSecret, setLimits, setMapping, updateSource };
export { ingestClaim, ingestMapping, ingestQuarantine, quarantinedMessage };

/** What partners send: who they are, what their messages become, and what waits because it could become nothing. */
export const ingestion: FeatureDefinition = defineFeature({
  name: 'ingest',
  commands: [
    registerSource,
    updateSource,
    setLimits,
    pauseSource,
    resumeSource,
    rotateSecret,
    setMapping,
    claimMessage,
    quarantineMessage,
    recheckMessage,
    tryMapping,
    releaseMessage,
    discardMessage,
    expireMessage,
    settleMessage,
  ],
  queries: [listSources, listMappings, previewMapping, listQuarantine, inspectMessage],
  events: [
    messageClaimed,
    messageQuarantined,
    messageCheckRequested,
    messageTrialRequested,
    messageChecked,
    messageReleaseRequested,
    messageReleased,
    messageDiscarded,
    messageExpired,
  ],
  entities: [ingestMapping, ingestQuarantine, quarantinedMessage, ingestClaim],
  agentSurface: {
    summary: 'Look at what partners sent that could not be processed, and ask for it to be released or discard it.',
  },
});
