import { expect, it } from 'vitest';

import { withSearch } from './recent-searches.ts';

it('keeps the newest twenty searches, each once', () => {
  let recent: readonly string[] = [];
  for (let index = 0; index < 30; index++) recent = withSearch(recent, `x${index % 25}y`);
  expect(recent).toHaveLength(20);
  expect(recent[0]).toBe('x4y');
  expect(new Set(recent).size).toBe(20);
});

it.each([
  [['env:prod'], 'env:prod service:web', ['env:prod service:web']],
  [['a', 'b'], 'b', ['b', 'a']],
  [['a'], '  ', ['a']],
  [['a'], ' b ', ['b', 'a']],
])('%j and %s', (recent, query, expected) => {
  expect(withSearch(recent, query)).toEqual(expected);
});
