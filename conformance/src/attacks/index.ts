import type { Check } from '../harness/check.ts';
import { readAttacks } from './reads.ts';
import { sharedChannelAttacks } from './shared-channels.ts';
import { contextAttacks } from './context.ts';
import { keyAttacks } from './keys.ts';
import { poolAttacks } from './pool.ts';
import { privilegeAttacks } from './privilege.ts';
import { writeAttacks } from './writes.ts';

export const attackChecks: readonly Check[] = [
  readAttacks,
  writeAttacks,
  keyAttacks,
  contextAttacks,
  poolAttacks,
  privilegeAttacks,
  sharedChannelAttacks,
];
