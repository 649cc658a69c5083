import type { Id } from '@karmanflow/schema';
import type { ApprovalState } from './entities.ts';

/** The personal values that a request kept for its command: without it nothing refers to them, so they cease with it. */
export function personalOf({ personal }: ApprovalState): Record<string, Id<'personalData'>> {
  // Written by the pipeline from the fields of the command.
  return JSON.parse(personal) as Record<string, Id<'personalData'>>;
}

export function unusedValues(request: ApprovalState): Id<'personalData'>[] {
  return Object.values(personalOf(request));
}
