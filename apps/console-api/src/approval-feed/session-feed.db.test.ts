import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { waitUntil } from '@karmanflow/runtime/testing';
import { type Places, startPlaces } from '../sessions/testing/places.ts';
import { sendFromPage } from '../sessions/testing/session-world.ts';
import { listenTo } from '../testing/feed-client.ts';

setDefaultTimeout(90_000);
let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(() => places.stop());

async function listeningPerson() {
  const browser = await places.loggedIn('ada');
  const cookie = ['kf_session', 'kf_seen'].map((name) => `${name}=${browser.cookie(name)}`).join('; ');
  // A browser sends nothing else: EventSource has no headers of its own.
  const client = await listenTo(`${places.world.url}/v1/approval/feed`, { cookie });
  await waitUntil({ what: 'the snapshot', condition: () => client.messages.length > 0 });
  expect(client.messages[0]).toMatchObject({ event: 'snapshot', data: { approvals: [] } });
  return { browser, client };
}

test('a page listens with its session, until its person logs out', async () => {
  const { browser, client } = await listeningPerson();
  const closed = await sendFromPage(browser, { url: places.world.url, path: '/v1/session/close', input: {} });
  expect(closed.status).toBe(200);
  await waitUntil({ what: 'the end of the feed', condition: () => client.isOver() });
  expect(client.messages.at(-1)).toMatchObject({ event: 'end', data: { reason: 'no_longer_allowed' } });
});

test('a session that is idle for too long does not live on by listening', async () => {
  const { client } = await listeningPerson();
  places.world.pass(31 * 60 * 1000);
  await waitUntil({ what: 'the end of the feed', condition: () => client.isOver() });
  expect(client.messages.at(-1)).toMatchObject({ event: 'end', data: { reason: 'no_longer_allowed' } });
  places.world.turnBack();
});
