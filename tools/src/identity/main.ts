import { createLogger, readConfiguration, runProcess } from '@karmanflow/runtime';
import { identityConfigurationShape } from './identity-configuration.ts';
import { startIdentityProvider } from './start-identity-provider.ts';

// Usage: started by `bun run up`. The people who log in there are those of the file accounts.json beside the demo.

const app = 'identity';
const read = readConfiguration(identityConfigurationShape, process.env);
if (!read.ok) {
  createLogger({ app, level: 'info' }).fatal({ problems: read.problems }, 'the configuration is wrong');
  process.exit(1);
}
const { configuration } = read;
const logger = createLogger({ app, level: configuration.KF_LOG_LEVEL });
await runProcess({ name: app, logger, start: () => startIdentityProvider(configuration, logger) });
