import { expect, it } from 'vitest';

import { flattened } from './flatten.ts';

it('names everything by its path, in words', () => {
  expect(
    flattened({
      platform: { hostname: 'web', kernel: null },
      profiler: { settings: { on: true, off: false, paths: ['a', 'b'], none: [], text: '', depth: 64 } },
      list: [{ a: 1 }, { a: 2 }],
    }),
  ).toEqual([
    ['platform.hostname', 'web'],
    ['platform.kernel', 'not set'],
    ['profiler.settings.on', 'yes'],
    ['profiler.settings.off', 'no'],
    ['profiler.settings.paths', 'a, b'],
    ['profiler.settings.none', 'none'],
    ['profiler.settings.text', 'empty'],
    ['profiler.settings.depth', '64'],
    ['list.1.a', '1'],
    ['list.2.a', '2'],
  ]);
  expect(flattened(null)).toEqual([]);
});
