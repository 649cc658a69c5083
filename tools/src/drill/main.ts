import { resolve } from 'node:path';
import { startTemporaryCluster } from '../postgres/index.ts';

// Usage: bun run drill. Tampers with a database of its own as a superuser, and shows who notices what.

const checkout = resolve(import.meta.dir, '../../..');
const entry = resolve(checkout, 'apps/worker/src/integrity/testing/run-drill.ts');

const cluster = await startTemporaryCluster();
try {
  const child = Bun.spawn([process.execPath, entry], {
    cwd: checkout,
    // The one variable by which tests and this drill are told of a cluster that may be thrown away.
    env: { ...process.env, KF_TEST_DATABASE_URL: cluster.adminUrl },
    stdout: 'inherit',
    stderr: 'inherit',
  });
  process.exitCode = await child.exited;
} finally {
  await cluster.dispose();
}
