import { runVerify } from './run-verify.ts';

// Usage: bun run verify -- <bundle or receipt> [options]; see verify-arguments.ts.
process.exitCode = await runVerify(process.argv.slice(2), {
  print: (text) => console.log(text),
  complain: (text) => console.error(text),
});
