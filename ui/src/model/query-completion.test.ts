import { describe, expect, it } from 'vitest';

import { complete, completionAt, type Suggested } from './query-completion.ts';

describe('completion', () => {
  const at = (text: string): ReturnType<typeof completionAt> => {
    const caret = text.indexOf('|');
    return completionAt(text.replace('|', ''), caret);
  };
  const taken = (text: string, suggested: Suggested): string => {
    const caret = text.indexOf('|');
    const plain = text.replace('|', '');
    const result = complete(plain, completionAt(plain, caret), suggested);
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
    ['service:("my app" OR |)', 'value', 'service', ''],
    ['service:("my app" OR a|', 'value', 'service', 'a'],
    ['(service:web OR env:p|)', 'value', 'env', 'p'],
    ['(service:web OR en|', 'key', '', 'en'],
    ['-(host:a OR (env:b ho|))', 'key', '', 'ho'],
    ['(service:web)|', 'key', '', ''],
    ['@cpu_cores:>|', 'comparison', '@cpu_cores', '>'],
    ['@cpu|', 'key', '', '@cpu'],
  ])('at %s a %s of "%s" beginning with "%s"', (text, kind, key, prefix) => {
    expect(at(text)).toMatchObject({ kind, key, prefix });
  });

  it.each([
    ['ser|', 'key', 'service', 'service:|'],
    ['-en|', 'key', 'env', '-env:|'],
    ['service:w|', 'value', 'web', 'service:web |'],
    ['service:w| env:prod', 'value', 'web', 'service:web| env:prod'],
    ['service:|', 'value', 'my app', 'service:"my app" |'],
    ['service:(web OR a|)', 'value', 'api', 'service:(web OR api|)'],
    ['(service:web OR env:p|)', 'value', 'prod', '(service:web OR env:prod|)'],
    ['@cpu|', 'key', '@cpu_cores', '@cpu_cores:|'],
    ['@cpu_cores:>|', 'comparison', '>=1.5', '@cpu_cores:>=1.5 |'],
    ['env:a O|', 'keyword', 'OR', 'env:a OR |'],
    ['anything|', 'query', 'service:web env:prod', 'service:web env:prod|'],
  ] as const)('taking a suggestion at %s', (text, kind, suggestion, expected) => {
    expect(taken(text, { kind, text: suggestion })).toBe(expected);
  });
});
