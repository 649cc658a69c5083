import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AppName, appEntry } from '../local-apps.ts';

/** What a stand-in does instead of serving: `endless` never becomes ready. */
export type StandInKind = 'serves' | 'fails' | 'endless' | 'ignores_signals';

const scripts: Readonly<Record<StandInKind, string>> = {
  serves: `
    const server = Bun.serve({ port: Number(process.env['KF_PORT']), fetch: () => Response.json(process.env) });
    process.on('SIGTERM', () => { console.log('draining'); void server.stop(); process.exit(0); });
    console.log('serving');`,
  fails: `console.log('{"message":"the start failed: no such role"}'); process.exit(3);`,
  endless: `
    Bun.serve({ port: Number(process.env['KF_PORT']), fetch: () => new Response('not yet', { status: 503 }) });`,
  ignores_signals: `
    process.on('SIGTERM', () => undefined);
    Bun.serve({ port: Number(process.env['KF_PORT']), fetch: () => new Response('ready') });`,
};

/** Writes a small program where the entry of an app would be, in a checkout that is made up. */
export async function writeStandIn(at: {
  readonly root: string;
  readonly app: AppName;
  readonly kind: StandInKind;
}): Promise<void> {
  const entry = appEntry(at);
  await mkdir(dirname(entry), { recursive: true });
  await writeFile(entry, scripts[at.kind]);
}
