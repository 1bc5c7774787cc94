import { expect, it } from 'vitest';

import { around } from './export-image.ts';

it('several flame graphs keep their places in one picture', () => {
  expect(
    around([
      { x: 100, y: 50, width: 400, height: 200 },
      { x: 520, y: 60, width: 400, height: 240 },
    ]),
  ).toEqual({ x: 100, y: 50, width: 820, height: 250 });
});
