import { describe, expect, it } from 'vitest';

import { shownTerms, withoutTerm, withTermNegated } from './query-terms.ts';

describe('the terms of a query', () => {
  it.each([
    ['service:web', [['service', 'web']]],
    [
      '-service:"my app" word',
      [
        ['-service', 'my app'],
        ['', 'word'],
      ],
    ],
    ['service:(web OR "my app")', [['service', 'web or my app']]],
    ['@cpu_cores:[1 TO 2.5]', [['@cpu_cores', '1 – 2.5']]],
    [
      '@cpu_cores:[1 TO *] @samples:>=10',
      [
        ['@cpu_cores', '≥ 1'],
        ['@samples', '≥ 10'],
      ],
    ],
    ['@wall_cores:{* TO 3}', [['@wall_cores', '≤ 3']]],
    ['NOT env:dev', [['-env', 'dev']]],
    ['(service:web OR env:dev)', [['', '(service:web OR env:dev)']]],
    ['', []],
  ])('of %s are shown as %j', (query, expected) => {
    expect(shownTerms(query).map((term) => [(term.negated ? '-' : '') + term.key, term.text])).toEqual(
      expected,
    );
  });

  it('know by what they are joined', () => {
    expect(shownTerms('a OR b c AND d').map((term) => term.joinedBy)).toEqual(['', 'OR', '', '']);
  });

  it.each([
    ['service:web env:prod', 0, 'env:prod'],
    ['service:web env:prod', 1, 'service:web'],
    ['a OR b', 0, 'b'],
    ['a OR b', 1, 'a'],
    ['a OR b c', 1, 'a OR c'],
    ['a OR b c', 2, 'a OR b'],
    ['a AND NOT b AND c', 1, 'a AND c'],
    ['NOT a b', 0, 'b'],
    ['a', 0, ''],
  ])('without one: %s, %i → %s', (query, index, expected) => {
    const term = shownTerms(query)[index];
    expect(term && withoutTerm(query, term)).toBe(expected);
  });

  it.each([
    ['service:web env:prod', 0, '-service:web env:prod'],
    ['-service:web', 0, 'service:web'],
    ['NOT a b', 0, 'a b'],
    ['a (b OR c)', 1, 'a -(b OR c)'],
  ])('one turned around: %s, %i → %s', (query, index, expected) => {
    const term = shownTerms(query)[index];
    expect(term && withTermNegated(query, term)).toBe(expected);
  });

  it('turned around twice are what they were', () => {
    for (const query of ['service:web', '-env:dev x', '@cpu_cores:>1 OR a']) {
      const [first] = shownTerms(query);
      const once = first ? withTermNegated(query, first) : '';
      const [again] = shownTerms(once);
      expect(again && withTermNegated(once, again)).toBe(query);
    }
  });
});
