import { expect, it } from 'vitest';

import { isQueryMistake, mistakeAt } from './query-mistake.ts';

it.each([
  ['service:(a OR', 'this parenthesis is not closed (at character 9)', 'service:', '(', 'a OR'],
  ['a OR', 'a term is missing here (at character 5)', 'a OR', '\u00a0', ''],
  ['😀 @x', 'a measure needs a comparison (at character 3)', '😀 ', '@', 'x'],
])('marks where %s cannot be read', (query, message, before, at, after) => {
  expect(mistakeAt(query, message)).toMatchObject({ before, at, after });
});

it('says it as a sentence, without the position', () => {
  expect(mistakeAt('(', 'this parenthesis is not closed (at character 1)').message).toBe(
    'This parenthesis is not closed',
  );
  expect(mistakeAt('x', 'no answer').at).toBe('');
});

it('tells mistakes in the search from others', () => {
  expect(isQueryMistake('a term is missing here (at character 5)')).toBe(true);
  expect(isQueryMistake('`tomorrow` is not a time')).toBe(false);
});
