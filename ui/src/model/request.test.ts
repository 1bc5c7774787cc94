import { describe, expect, it } from 'vitest';

import { requestOf, withoutRequest } from './request.ts';

describe('request of a view', () => {
  it.each([
    ['', '', undefined],
    ['', 'service:web', undefined],
    ['', 'service:web span_id:42', { id: '42', kind: 'span' }],
    ['', 'trace_id:0x2a', { id: '0x2a', kind: 'trace' }],
    ['7', 'service:web', { id: '7', kind: 'span' }],
    ['7', 'span_id:42', { id: '7', kind: 'span' }],
    ['0x2a', 'trace_id:0x2a', { id: '0x2a', kind: 'trace' }],
    ['', '-span_id:42', undefined],
  ])('with span %j and search %j', (span, query, expected) => {
    expect(requestOf({ span, query })).toEqual(expected);
  });

  it('leaves the rest of the search alone when it ends', () => {
    expect(withoutRequest('service:web span_id:42 -env:dev')).toBe('service:web -env:dev');
    expect(withoutRequest('service:web OR env:dev')).toBe('service:web OR env:dev');
  });
});
