import fc from 'fast-check';
import { readTestSeed, testSeedVariable } from './test-seed.ts';

// Loaded before every test file (bunfig.toml). The nightly run takes another seed each time, to find what this one does not.
fc.configureGlobal({ seed: readTestSeed(process.env[testSeedVariable]) });
