import { expect, it } from 'vitest';

import { sizeOf } from './setting-size.ts';

it('says what settings in bytes mean', () => {
  expect(sizeOf('heap_max_bytes', '268435456')).toBe('256 MiB');
  expect(sizeOf('MaxHeapSize', '25276502016')).toBe('23.5 GiB');
  expect(sizeOf('MinHeapDeltaBytes', '1048576')).toBe('1.00 MiB');
  expect(sizeOf('GCDrainStackTargetSize', '64')).toBe('');
  expect(sizeOf('ObjectAlignmentInBytes', '8')).toBe('');
  expect(sizeOf('process_id', '268435456')).toBe('');
  expect(sizeOf('MaxHeapSize', 'huge')).toBe('');
});
