import { createLogger, readConfiguration, runProcess } from '@karmanflow/runtime';
import { configurationShape } from './configuration.ts';
import { startConsoleApi } from './start-console-api.ts';

const app = 'console-api';
const read = readConfiguration(configurationShape, process.env);
if (!read.ok) {
  createLogger({ app, level: 'info' }).fatal({ problems: read.problems }, 'the configuration is wrong');
  process.exit(1);
}
const { configuration, unread } = read;
const logger = createLogger({ app, level: configuration.KF_LOG_LEVEL });
if (unread.length > 0) logger.warn({ unread }, 'variables are set that this process does not read');
await runProcess({ name: app, logger, start: () => startConsoleApi(configuration, logger) });
