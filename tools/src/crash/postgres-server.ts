import { type Cluster, startCluster } from '../postgres/index.ts';

/** A durable server that can be killed and started again on the same data and port. */
export interface PostgresServer {
  readonly port: number;
  readonly adminUrl: string;
  readonly logFile: string;
  /** The running server. Throws while none runs. */
  cluster(): Cluster;
  /** SIGKILL of the postmaster and of all its children. */
  kill(): Promise<void>;
  /** Starts it on what the last one left, and returns when it has recovered. `settings` replace those before. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
  /** Stops it for good: it cannot be started again. */
  close(): Promise<void>;
}

/** fsync stays on: what is committed survives the death of every process. */
const durableSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '128MB',
  max_connections: '60',
};

/** Makes a durable cluster at `dataDirectory` and starts it. Throws when it cannot: a test can do nothing about it. */
export async function startPostgresServer(options: { readonly dataDirectory: string }): Promise<PostgresServer> {
  const password = crypto.randomUUID();
  let running: Cluster | null = null;
  let settings = durableSettings;
  let isClosed = false;

  async function launch(port: number | 'free'): Promise<Cluster> {
    if (isClosed) throw new Error('this Postgres is closed');
    const started = await startCluster({ dataDirectory: options.dataDirectory, port, password, settings });
    if (!started.ok) throw new Error(`${started.problem.message} ${started.problem.whatToDo}`);
    running = started.value;
    return started.value;
  }

  async function stop(): Promise<void> {
    const stopped = running;
    running = null;
    await stopped?.stop();
  }

  const { port, adminUrl, logFile } = await launch('free');
  return {
    port,
    adminUrl,
    logFile,
    cluster() {
      if (running === null) throw new Error('no Postgres runs');
      return running;
    },
    async kill() {
      const killed = running;
      running = null;
      await killed?.kill();
    },
    async start(changed = {}) {
      settings = { ...settings, ...changed };
      await launch(port);
    },
    stop,
    close() {
      isClosed = true;
      return stop();
    },
  };
}
