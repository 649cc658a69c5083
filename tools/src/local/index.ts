export type { Demo, DemoCatalogue } from './demo.ts';
export { DemoOutdated } from './demo-commands.ts';
export type { AppName } from './local-apps.ts';
export type { LocalProblem, LocalProblemCode } from './local-problem.ts';
export { provision, type Provisioned } from './provision.ts';
export type { RunningApp } from './running-app.ts';
export { seedDemo } from './seed-demo.ts';
export { type AppOptions, startApp, tryStartApp } from './start-app.ts';
