import { describe, expect, it } from 'vitest';

import { facetTerms, toggleExcluded, toggleIncluded, withoutFacet } from './query-text.ts';

describe('facets in a query', () => {
  it.each([
    ['service:web', ['web'], []],
    ['service:web env:prod', ['web'], []],
    ['service:(web OR api) -service:old', ['web', 'api'], ['old']],
    ['service:"my app"', ['my app'], []],
    ['service:"a \\"quoted\\" one"', ['a "quoted" one'], []],
    // Selects values by pattern or range: not the selection of one value.
    ['service:we*', [], []],
    ['service:(web OR a*)', [], []],
    ['(service:web OR env:prod)', [], []],
    ['', [], []],
  ])('reads %s', (query, included, excluded) => {
    expect(facetTerms(query, 'service')).toEqual({ included, excluded });
  });

  it.each([
    ['', 'service:web'],
    ['env:prod', 'env:prod service:web'],
    ['service:api', 'service:(api OR web)'],
    ['service:(api OR db) env:prod', 'env:prod service:(api OR db OR web)'],
    ['-service:web', 'service:web'],
    ['env:a OR env:b', '(env:a OR env:b) service:web'],
    ['service:web', ''],
    ['service:(web OR api)', 'service:api'],
  ])('a click takes a value in or out: %s → %s', (query, expected) => {
    expect(toggleIncluded(query, 'service', 'web')).toBe(expected);
  });

  it.each([
    ['', '-service:web'],
    ['service:web env:prod', 'env:prod -service:web'],
    ['-service:web', ''],
  ])('a value can be excluded: %s → %s', (query, expected) => {
    expect(toggleExcluded(query, 'service', 'web')).toBe(expected);
  });

  it('undoes itself', () => {
    for (const query of ['', 'env:prod', 'host:*db* @cpu_cores:>1.5', 'service:a']) {
      const twice = toggleIncluded(toggleIncluded(query, 'service', 'my app'), 'service', 'my app');
      expect(twice.split(' ').toSorted()).toEqual(query.split(' ').toSorted());
    }
  });

  it.each([
    ['service:none OR env:prod', 'env:prod'],
    ['env:prod AND service:a OR service:b', 'env:prod'],
    ['NOT service:a x', 'x'],
    ['service:a OR service:b', ''],
  ])('clears a facet among operators: %s → "%s"', (query, expected) => {
    expect(withoutFacet(query, 'service')).toBe(expected);
  });

  it('clears one facet and leaves the rest alone', () => {
    expect(withoutFacet('free service:a -service:b @cpu_cores:>1', 'service')).toBe('free @cpu_cores:>1');
  });
});
