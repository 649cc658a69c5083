import { afterAll, beforeAll } from 'bun:test';
import { authorisationChecks } from '../authorisation/index.ts';
import { personalDataChecks } from '../personal-data/index.ts';
import { riskAndApprovalChecks } from '../risk-and-approval/index.ts';
import { prove } from '../testing/prove.ts';
import { type ServedApi, serveApi } from '../testing/serve-api.ts';

let api: ServedApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(() => api.stop());

prove([...riskAndApprovalChecks, ...authorisationChecks, ...personalDataChecks], (_asked, work) =>
  work(api.governed()),
);
