import { describe, expect, it } from 'vitest';

import { completionAt } from './query-completion.ts';
import { comparisonSuggestions, keywordSuggestions, recentSuggestions } from './suggestions.ts';

const EVEN = { from: 0, to: 20, counts: Array.from({ length: 20 }, () => 5) };

describe('suggestions', () => {
  it.each([
    ['O', []],
    ['env:prod O', ['OR']],
    ['N', ['NOT']],
    ['env:prod A', ['AND']],
    ['env:prod ', []],
  ])('of operators after "%s"', (query, expected) => {
    const found = keywordSuggestions(query, completionAt(query, query.length));
    expect(found.map(({ text }) => text)).toEqual(expected);
  });

  it.each([
    ['', ['>=10', '>=18', '<10', '[2 TO 18]', '*']],
    ['>', ['>=10', '>=18']],
    ['<', ['<10']],
    ['[', ['[2 TO 18]']],
    ['>3', []],
  ])('of comparisons beginning with "%s"', (typed, expected) => {
    expect(comparisonSuggestions(EVEN, typed).map(({ text }) => text)).toEqual(expected);
  });

  it('of recent searches leave out what is typed', () => {
    expect(recentSuggestions(['a', 'b', 'c'], ' a ', 1).map(({ text }) => text)).toEqual(['b']);
  });
});
