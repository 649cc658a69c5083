import { actionPins } from './checks/action-pins.ts';
import { bannedNames } from './checks/banned-names.ts';
import { citedPaths } from './checks/cited-paths.ts';
import { clock } from './checks/clock.ts';
import { conflictMarkers } from './checks/conflict-markers.ts';
import { exactVersions } from './checks/exact-versions.ts';
import { featureDoors } from './checks/feature-doors.ts';
import { fileLength } from './checks/file-length.ts';
import { fileNames } from './checks/file-names.ts';
import { focusedTests } from './checks/focused-tests.ts';
import { lockfile } from './checks/lockfile.ts';
import { machinePaths } from './checks/machine-paths.ts';
import { moduleReach } from './checks/module-reach.ts';
import { openEnds } from './checks/open-ends.ts';
import { packageDoors } from './checks/package-doors.ts';
import { packageReadme } from './checks/package-readme.ts';
import { secrets } from './checks/secrets.ts';
import { suppressions } from './checks/suppressions.ts';
import { workspaceTags } from './checks/workspace-tags.ts';
import type { TidyCheck } from './tidy-check.ts';

/** Every rule about the repository as a whole. A check that is not in this list does not run, and its test says so. */
export const allChecks: readonly TidyCheck[] = [
  actionPins,
  bannedNames,
  citedPaths,
  clock,
  conflictMarkers,
  exactVersions,
  featureDoors,
  fileLength,
  fileNames,
  focusedTests,
  lockfile,
  machinePaths,
  moduleReach,
  openEnds,
  packageDoors,
  packageReadme,
  secrets,
  suppressions,
  workspaceTags,
];
