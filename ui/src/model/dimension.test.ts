import { describe, expect, it } from 'vitest';

import {
  dimensionFor,
  dimensionName,
  dimensionPlural,
  fullDimension,
  groupName,
  measureFor,
  shortDimension,
} from './dimension.ts';

describe('dimensions', () => {
  it.each([
    ['service', 'tag:service', 'service', 'service', 'services'],
    ['tag:a:b', 'tag:a:b', 'a:b', 'a:b', 'a:bs'],
    [
      'label:exception type',
      'label:exception type',
      'label:exception type',
      'exception type',
      'exception types',
    ],
    ['frame:function', 'frame:function', 'frame:function', 'function', 'functions'],
    ['tag:region', 'tag:region', 'region', 'region', 'regions'],
    [
      'availability-zone',
      'tag:availability-zone',
      'availability-zone',
      'availability-zone',
      'availability-zones',
    ],
    ['label:class', 'label:class', 'label:class', 'class', 'classes'],
    ['category', 'tag:category', 'category', 'category', 'categories'],
  ])('%s', (dimension, full, short, name, many) => {
    expect(fullDimension(dimension)).toBe(full);
    expect(shortDimension(dimension)).toBe(short);
    expect(dimensionName(dimension)).toBe(name);
    expect(dimensionPlural(dimension)).toBe(many);
  });

  it('name the group of what has no value', () => {
    expect(groupName('label:endpoint', '')).toBe('(no endpoint)');
    expect(groupName('host', 'a')).toBe('a');
  });

  it('of samples go with value types only', () => {
    expect(measureFor('cpu_cores', 'service', ['cpu-time'])).toBe('cpu_cores');
    expect(measureFor('cpu_cores', 'label:thread', ['wall-time', 'cpu-time'])).toBe('type:cpu-time');
    expect(measureFor('metrics.go_num_goroutine', 'frame:package', ['wall-time'])).toBe('type:wall-time');
    expect(measureFor('type:alloc-space', 'frame:package', ['cpu-time'])).toBe('type:alloc-space');
    expect(dimensionFor('label:thread', 'cpu_cores')).toBe('service');
    expect(dimensionFor('label:thread', 'type:cpu-time')).toBe('label:thread');
    expect(dimensionFor('host', 'cpu_cores')).toBe('host');
  });
});
