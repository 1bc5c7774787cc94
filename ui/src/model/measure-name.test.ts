import { describe, expect, it } from 'vitest';

import { chartName, groupedMeasures, measureName, measureUnit } from './measure-name.ts';

describe('names of measures', () => {
  it.each([
    ['cpu_cores', 'CPU', '', 'cores'],
    ['metrics.go_num_goroutine', 'Goroutines', 'Go', 'count'],
    ['metrics.go_max_gc_pause_time', 'Longest GC pause', 'Go', 'nanoseconds'],
    ['metrics.dotnet_gc_memory_pressure', 'GC memory pressure', '.NET', ''],
    ['metrics.dotnet_gc_gen0', 'GCs of generation 0', '.NET', 'count'],
    ['metrics.rss_bytes', 'RSS', 'Other', 'bytes'],
    ['metrics.gc_pause_ms', 'GC pause', 'Other', 'milliseconds'],
    ['metrics.python_sampler_intervals_per_sec', 'Sampler intervals', 'Python', 'per second'],
    ['metrics.nodejs_eventLoopDelay', 'Event loop delay', 'Node.js', ''],
  ])('%s', (name, label, group, unit) => {
    expect(measureName(name)).toEqual({ label, group, unit });
  });

  it('take the unit of the server where the name says none', () => {
    expect(measureUnit('metrics.x', 'bytes')).toBe('bytes');
    expect(measureUnit('metrics.x_ms', 'seconds')).toBe('milliseconds');
    expect(measureUnit('samples', 'samples')).toBe('count');
  });

  it('of charts are those of measures and of value types', () => {
    expect(chartName('type:cpu-time')).toBe('cpu-time');
    expect(chartName('metrics.go_num_goroutine')).toBe('Goroutines');
  });

  it('come in groups, what all have first', () => {
    const names = ['metrics.zzz', 'metrics.go_num_goroutine', 'samples', 'metrics.dotnet_x', 'cpu_cores'];
    expect(groupedMeasures(names)).toEqual([
      { group: '', names: ['samples', 'cpu_cores'] },
      { group: '.NET', names: ['metrics.dotnet_x'] },
      { group: 'Go', names: ['metrics.go_num_goroutine'] },
      { group: 'Other', names: ['metrics.zzz'] },
    ]);
  });
});
