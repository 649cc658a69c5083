import { createFileSecretStore, readSecretText, type SecretReference, SecretUnavailable } from '@karmanflow/runtime';

/** The secrets of one local environment: read, or made when they are first wanted. */
export interface LocalSecrets {
  /** The text of a secret, or null when there is none of this name. */
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
  /** The text of a secret; `make` is called, and its result kept before it is returned, when there is none yet. */
  readOrMake(name: string, make: () => string): Promise<string>;
}

/** Where a secret of the local store is found. */
export function secretReference(name: string): SecretReference {
  return `secrets://${name}`;
}

/** Opens the secrets of a directory. Its methods throw `SecretUnavailable`, for instance when others may read them. */
export function openLocalSecrets(directory: string): LocalSecrets {
  const store = createFileSecretStore({ directory });
  const read = async (name: string): Promise<string | null> => {
    try {
      return await readSecretText(store, secretReference(name));
    } catch (error) {
      if (error instanceof SecretUnavailable && error.code === 'not_found') return null;
      throw error;
    }
  };
  const write = (name: string, text: string): Promise<void> =>
    store.write(secretReference(name), new TextEncoder().encode(`${text}\n`));
  return {
    read,
    write,
    readOrMake: async (name, make) => {
      const found = await read(name);
      if (found !== null) return found;
      const made = make();
      await write(name, made);
      return made;
    },
  };
}
