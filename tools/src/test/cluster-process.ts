import { once } from 'node:events';

import { startTemporaryCluster } from '../postgres/index.ts';

// A process of its own: the driver is running before anything is installed, so it cannot load the server itself. It lives as
// long as its standard input is open, so it also ends when the driver is killed.
const cluster = await startTemporaryCluster({ durable: false });
process.on('SIGTERM', () => process.stdin.destroy());
process.on('SIGINT', () => process.stdin.destroy());
process.stdout.write(`${JSON.stringify({ adminUrl: cluster.adminUrl })}\n`);
process.stdin.resume();
await once(process.stdin, 'close');
await cluster.dispose();
