import { acknowledgedHasEvents, acknowledgedIsStored, acknowledgedVerifies } from './acknowledged-checks.ts';
import type { Check } from './check.ts';
import { everyEventIsAttested, everyReceiptIsLogged, everyReceiptVerifies } from './database-checks.ts';
import {
  faultsAreNotBugs,
  keyTookEffectOnce,
  nothingDoneDidNothing,
  rejectionLeftNothing,
  unknownIsResolved,
} from './exactly-once-checks.ts';
import { readsSeeOwnWrites, realTimeOrder } from './order-checks.ts';
import { cancelsOnlyPend, neverOversold, quantitiesAreMovements, reservedIsHeld } from './quantity-checks.ts';

/** Every check of evidence that is held in memory, in the order in which they are reported. */
export const allChecks: readonly Check[] = [
  acknowledgedIsStored,
  acknowledgedVerifies,
  acknowledgedHasEvents,
  unknownIsResolved,
  keyTookEffectOnce,
  rejectionLeftNothing,
  nothingDoneDidNothing,
  faultsAreNotBugs,
  reservedIsHeld,
  quantitiesAreMovements,
  neverOversold,
  cancelsOnlyPend,
  everyReceiptVerifies,
  everyEventIsAttested,
  everyReceiptIsLogged,
  realTimeOrder,
  readsSeeOwnWrites,
];
