import { describe, expect, test } from 'bun:test';
import { type ErrorCode, errorCatalogue, isErrorCode } from '@karmanflow/schema';
import { problem } from './problem.ts';

const codes = Object.keys(errorCatalogue).filter(isErrorCode);

describe('problem', () => {
  test('says all that the catalogue says, and what is particular to the occurrence', async () => {
    const response = problem('input_invalid', {
      detail: 'one field is wrong',
      instance: 'kfreq_018f0000-0000-7000-8000-000000000001',
      extensions: { issues: [{ path: 'lines.0.quantity', message: 'must be at least 1' }] },
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      type: '/docs/errors#input_invalid',
      title: errorCatalogue.input_invalid.title,
      status: 400,
      code: 'input_invalid',
      detail: 'one field is wrong',
      instance: 'kfreq_018f0000-0000-7000-8000-000000000001',
      whatToDo: errorCatalogue.input_invalid.whatToDo,
      retryable: false,
      issues: [{ path: 'lines.0.quantity', message: 'must be at least 1' }],
    });
  });

  test('every code of the catalogue makes a document with its own status', async () => {
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes) {
      const response = problem(code);
      const { status, retryable } = errorCatalogue[code];
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code, status, retryable, type: `/docs/errors#${code}` });
      const waits = retryable && (status === 409 || status === 503);
      expect(response.headers.get('retry-after')).toBe(waits ? '1' : null);
      expect(response.headers.has('www-authenticate')).toBe(status === 401);
    }
  });

  test('leaves out what is not known', async () => {
    const document: unknown = await problem('not_found').json();
    expect(document).not.toHaveProperty('detail');
    expect(document).not.toHaveProperty('instance');
  });

  test('extensions cannot replace a member of the document', () => {
    for (const name of ['status', 'code', 'type', 'title', 'detail', 'instance', 'whatToDo', 'retryable']) {
      // The types refuse it as well; extensions may come from elsewhere.
      expect(() => problem('policy_denied', { extensions: { [name]: 200 } as never })).toThrow(TypeError);
    }
  });

  test('further headers are sent, and cannot make it anything but a problem', () => {
    const response = problem('method_not_allowed', { headers: { Allow: 'GET, POST', 'Content-Type': 'text/html' } });
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  test('codes are of the catalogue', () => {
    // The type holds this for literals.
    expect(() => problem('made_up' as ErrorCode)).toThrow();
  });
});
