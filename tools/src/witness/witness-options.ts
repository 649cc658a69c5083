import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ed25519Type, type NoteKey, parseVerifierKey } from '@karmanflow/receipts';

export interface WitnessSettings {
  readonly name: string;
  readonly logKeys: readonly NoteKey[];
  readonly directory: string;
  readonly hostname: string;
  readonly port: number;
}

const usage = `bun run witness --log <verifier key>… --directory <folder> [--name <name>] [--hostname <address>] [--port <port>]
  --log        the key of a log that it cosigns, as C2SP signed-note writes it; may be repeated
  --directory  where its key is, and what it cosigned last: lose it, and this witness is over
  --name       the name of its key, by default witness.localhost
  --hostname   the address that it listens on, by default 127.0.0.1
  --port       by default 4020; 0 for any`;

/** Reads the command line. Throws an Error that says how to call it. */
export function witnessOptions(argv: readonly string[]): WitnessSettings {
  const { values } = readArguments(argv);
  const logKeys = (values.log ?? []).map((text) => {
    const key = parseVerifierKey(text);
    if (key?.type !== ed25519Type) throw new Error(`not the verifier key of a log: ${text}\n${usage}`);
    return key;
  });
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (logKeys.length === 0 || values.directory === undefined || !(port <= 65_535)) throw new Error(usage);
  return { name: values.name, logKeys, directory: resolve(values.directory), hostname: values.hostname, port };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        log: { type: 'string', multiple: true },
        directory: { type: 'string' },
        name: { type: 'string', default: 'witness.localhost' },
        hostname: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '4020' },
      },
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : ''}\n${usage}`, { cause: error });
  }
}
