export { type DispatchFixtures, dispatchFixtures, scopeOf, type WrittenEvent } from './dispatch-fixtures.ts';
export { createDispatchWorld, type DispatchWorld } from './dispatch-world.ts';
