import { describe, expect, it } from 'vitest';

import { csvOf } from './csv.ts';
import {
  choiceOf,
  columnHead,
  filtersWithout,
  frameDimensionOf,
  frameKeyOf,
  missingChoice,
  toggledFilters,
  toggledMissing,
  toggledTransforms,
} from './row-choice.ts';
import type { FunctionRow } from './top.ts';

const ROW: FunctionRow = {
  name: 'get',
  file: 'app.py',
  module: '',
  line: 12,
  self: 1,
  total: 2,
  calls: null,
};

it.each([
  ['frame:line', 'line', 'Line'],
  ['frame:nonsense', 'function', 'Function'],
  ['label:exception type', undefined, 'Exception type'],
  ['version', undefined, 'version'],
])('%s has rows for each %s', (dimension, by, head) => {
  expect(frameDimensionOf(dimension)).toBe(by);
  expect(columnHead(dimension)).toBe(head);
});

describe('a row', () => {
  it('names frames as the API does, with nothing behind the last part that is said', () => {
    expect(frameKeyOf(ROW, 'function')).toBe('get\tapp.py');
    expect(frameKeyOf(ROW, 'line')).toBe('get\tapp.py\t\t12');
    expect(frameKeyOf({ ...ROW, name: 'app.py' }, 'file')).toBe('\tapp.py');
    expect(frameKeyOf({ ...ROW, name: 'libc.so.6', file: '', module: 'libc.so.6' }, 'file')).toBe(
      '\t\tlibc.so.6',
    );
    expect(frameKeyOf({ ...ROW, name: 'django' }, 'package')).toBe('\t\t\t\tdjango');
  });

  it('has no name where frames have none', () => {
    const unknown = { ...ROW, name: '[unknown]', file: '', module: '' };
    for (const by of ['function', 'line', 'file', 'package'] as const)
      expect(frameKeyOf(unknown, by)).toBe('');
    expect(toggledTransforms(['my-code'], unknown, 'package', false)).toEqual(['my-code']);
    expect(frameKeyOf({ ...unknown, name: '[no stack]' }, 'package')).toBe('[no stack]');
  });

  it('goes in by a click, out by a second, and over to the other side by its opposite', () => {
    const only = toggledTransforms(['my-code'], { ...ROW, name: 'app.py' }, 'file', false);
    expect(only).toEqual(['my-code', 'only:\tapp.py']);
    expect(choiceOf(only, 'only:\tapp.py', 'exclude:\tapp.py')).toBe('included');
    expect(toggledTransforms(only, { ...ROW, name: 'app.py' }, 'file', false)).toEqual(['my-code']);
    expect(toggledTransforms(only, { ...ROW, name: 'app.py' }, 'file', true)).toEqual([
      'my-code',
      'exclude:\tapp.py',
    ]);
    expect(toggledFilters(['-thread:a'], 'thread', 'a', false)).toEqual(['thread:a']);
    expect(toggledFilters(['-thread:a'], 'thread', 'a', true)).toEqual([]);
  });

  it('of profiles without a tag is chosen by what the tag is not', () => {
    const without = toggledMissing('service:web env:prod', 'host', false);
    expect(without).toBe('service:web env:prod -host:*');
    expect(missingChoice(without, 'host')).toBe('included');
    expect(toggledMissing(without, 'host', true)).toBe('service:web env:prod host:*');
    expect(toggledMissing(without, 'host', false)).toBe('service:web env:prod');
  });

  it('stays in sight while others of its label are filtered for', () => {
    expect(filtersWithout(['thread:a', '-thread:b', 'endpoint:thread:x'], 'thread')).toEqual([
      'endpoint:thread:x',
    ]);
  });
});

it('CSV quotes what would end a cell, and leaves out what is not known', () => {
  expect(
    csvOf(
      ['name', 'calls'],
      [
        ['GET /a,b', 3],
        ['say "hi"\n', null],
      ],
    ),
  ).toBe('name,calls\r\n"GET /a,b",3\r\n"say ""hi""\n",\r\n');
});
