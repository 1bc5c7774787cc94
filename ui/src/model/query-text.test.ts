import { describe, expect, it } from 'vitest';

import {
  complete,
  completionAt,
  facetTerms,
  toggleExcluded,
  toggleIncluded,
  withoutFacet,
} from './query-text.ts';

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

  it('clears one facet and leaves the rest alone', () => {
    expect(withoutFacet('free service:a -service:b @cpu_cores:>1', 'service')).toBe('free @cpu_cores:>1');
  });
});

describe('completion', () => {
  const at = (text: string): ReturnType<typeof completionAt> => {
    const caret = text.indexOf('|');
    return completionAt(text.replace('|', ''), caret);
  };
  const taken = (text: string, suggestion: string): string => {
    const caret = text.indexOf('|');
    const plain = text.replace('|', '');
    const result = complete(plain, completionAt(plain, caret), suggestion);
    return `${result.text.slice(0, result.caret)}|${result.text.slice(result.caret)}`;
  };

  it.each([
    ['|', 'key', '', ''],
    ['ser|', 'key', '', 'ser'],
    ['-ser|', 'key', '', 'ser'],
    ['env:prod ser|', 'key', '', 'ser'],
    ['service:w|', 'value', 'service', 'w'],
    ['service:|', 'value', 'service', ''],
    ['-service:w| env:x', 'value', 'service', 'w'],
    ['service:(web OR a|)', 'value', 'service', 'a'],
    ['service:"my a|"', 'value', 'service', 'my a'],
  ])('at %s a %s of "%s" beginning with "%s"', (text, kind, key, prefix) => {
    expect(at(text)).toMatchObject({ kind, key, prefix });
  });

  it.each([
    ['ser|', 'service', 'service:|'],
    ['-en|', 'env', '-env:|'],
    ['service:w|', 'web', 'service:web |'],
    ['service:w| env:prod', 'web', 'service:web| env:prod'],
    ['service:|', 'my app', 'service:"my app" |'],
    ['service:(web OR a|)', 'api', 'service:(web OR api|)'],
  ])('taking a suggestion at %s', (text, suggestion, expected) => {
    expect(taken(text, suggestion)).toBe(expected);
  });
});
