import { formatVerifierKey } from '@karmanflow/receipts';
import { createLogger, runProcess, serveHttp } from '@karmanflow/runtime';
import { createWitness } from './create-witness.ts';
import { openWitnessMemory, openWitnessSeed } from './witness-memory.ts';
import { witnessLimits } from './witness-limits.ts';
import { witnessOptions, type WitnessSettings } from './witness-options.ts';

// Usage: bun run witness --log <verifier key>… --directory <folder>. Its first line says what a policy file names it by.

const logger = createLogger({ app: 'witness', level: 'info' });

function readOptions(): WitnessSettings {
  try {
    return witnessOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : ''}\n`);
    process.exit(2);
  }
}

const settings = readOptions();
await runProcess({
  name: 'witness',
  logger,
  async start() {
    const { name, logKeys, directory, hostname, port } = settings;
    const memory = await openWitnessMemory(directory);
    // A log whose file is damaged is noticed now, and not when it is asked about.
    for (const { name: origin } of logKeys) await memory.read(origin);
    const witness = createWitness({
      name,
      seed: await openWitnessSeed(directory),
      logKeys,
      memory,
      now: Date.now,
      logger,
    });
    const server = serveHttp({
      port,
      hostname,
      fetch: (request) => witness.answer(request),
      maxRequestBodyBytes: 2 * witnessLimits.requestBytes,
      idleTimeoutSeconds: witnessLimits.idleTimeoutSeconds,
      logger,
    });
    const address = `http://${hostname}:${server.port}/`;
    process.stdout.write(`witness ${name} ${formatVerifierKey(witness.key)} ${address}\n`);
    return { stop: () => server.stop() };
  },
});
