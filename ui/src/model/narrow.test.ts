import { describe, expect, it } from 'vitest';

import { DEFAULTS } from '../state/url.ts';
import { narrowed, narrowedToGroup } from './narrow.ts';

describe('a click on a row', () => {
  it.each([
    ['service', 'web', 'include', { query: 'service:web' }],
    ['tag:service', 'web', 'exclude', { query: '-service:web' }],
    ['version', '', 'include', { query: '-version:*' }],
    ['version', '', 'exclude', { query: 'version:*' }],
    ['label:thread', 'main', 'include', { filters: ['thread:main'] }],
    ['label:thread', '', 'exclude', { filters: ['-thread:'] }],
    ['frame:package', 'django', 'exclude', { transforms: ['exclude:\t\t\t\tdjango'] }],
  ] as const)('of %s "%s": %s', (dimension, value, how, expected) => {
    expect(narrowed(DEFAULTS, dimension, value, how)).toMatchObject(expected);
  });

  it('a second time takes it back', () => {
    for (const dimension of ['host', 'label:thread', 'frame:file']) {
      const once = { ...DEFAULTS, ...narrowed(DEFAULTS, dimension, 'x', 'include') };
      const twice = { ...once, ...narrowed(once, dimension, 'x', 'include') };
      expect(twice).toEqual(DEFAULTS);
    }
  });

  it('leaves that value only', () => {
    const state = {
      ...DEFAULTS,
      query: 'env:prod service:(a OR b)',
      filters: ['-thread:main', 'endpoint:/'],
    };
    expect(narrowed(state, 'service', 'a', 'include').query).toBe('env:prod service:a');
    expect(narrowed(state, 'label:thread', 'x', 'include').filters).toEqual(['endpoint:/', 'thread:x']);
    expect(narrowed(state, 'label:thread', 'x', 'exclude').filters).toEqual([
      '-thread:main',
      'endpoint:/',
      '-thread:x',
    ]);
  });
});

it('a click on a group narrows to all of its tags', () => {
  const state = { ...DEFAULTS, query: 'env:prod service:(a OR b)' };
  expect(narrowedToGroup(state, ['service', 'version'], ['a', '']).query).toBe(
    'env:prod service:a -version:*',
  );
});
