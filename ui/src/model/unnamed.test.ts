import { describe, expect, it } from 'vitest';

import { isUnnamed } from './unnamed.ts';

describe('frames without a name', () => {
  it('are places in their own module', () => {
    expect(isUnnamed('libfoo.so+0x1234', '', '/usr/lib/libfoo.so')).toBe(true);
    expect(isUnnamed('shop+0xff', '', 'shop')).toBe(true);
    expect(isUnnamed('libfoo.so+0x1234', '', '/usr/lib/libbar.so')).toBe(false);
    expect(isUnnamed('a+0x12', 'a.js', '')).toBe(false);
    expect(isUnnamed('[libfoo.so]', '', '/usr/lib/libfoo.so')).toBe(false);
  });
});
