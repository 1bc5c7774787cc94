import { describe, expect, it } from 'vitest';

import { duringSameTime, listed, neighborsOf } from './neighbors.ts';

const period = (id: string, startMs: number, endMs: number) => ({ id, startMs, endMs });
const OWN = period('own', 60, 120);

describe('profiles around one', () => {
  it('has a profile before and one after, in whatever order they come', () => {
    const all = [period('d', 180, 240), period('b', 0, 60), OWN, period('c', 120, 180), period('a', -60, 0)];
    expect(neighborsOf(all, OWN)).toMatchObject({ previous: { id: 'b' }, next: { id: 'c' } });
    expect(neighborsOf([OWN], OWN)).toEqual({ previous: undefined, next: undefined });
  });

  it('counts one profile per process, although two of each overlap', () => {
    const others = [period('early', 20, 80), period('late', 80, 140), period('short', 100, 110)];
    expect(duringSameTime([OWN, ...others], OWN).map(({ id }) => id)).toEqual(['late', 'short']);
  });

  it('reads every further column as a measure', () => {
    const columns = {
      id: ['a'],
      start_ms: [1],
      end_ms: [2],
      service: ['s'],
      env: ['e'],
      version: ['v'],
      host: [''],
      runtime: ['CPython'],
      language: ['python'],
      cpu_cores: [0.5],
      samples: [3],
      upload_bytes: [4],
      'metrics.go_num_goroutine': [null],
    };
    expect(listed(columns)[0]?.measures).toEqual({
      cpu_cores: 0.5,
      samples: 3,
      'metrics.go_num_goroutine': null,
    });
  });
});
