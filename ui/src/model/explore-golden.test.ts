import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { BreakdownBody, MeasuresBody } from '../api/explore.ts';
import { groupedMeasures, measureName, measureUnit } from './measure-name.ts';
import { quantile } from './measure-range.ts';
import { comparisonSuggestions } from './suggestions.ts';
import { costPerCall, rowsOfBreakdown } from './top.ts';
import { formatValue } from './format.ts';

/** Answers of the server to questions about real uploads; its own tests keep them true. */
function golden<Body>(name: string): Body {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as Body;
}

describe('measures of the server', () => {
  const { measures } = golden<MeasuresBody>('measures');

  it('are all grouped, named and written with a unit', () => {
    const names = measures.map(({ name }) => name);
    expect(groupedMeasures(names).flatMap((group) => group.names)).toHaveLength(names.length);
    expect(groupedMeasures(names).map(({ group }) => group)).toEqual(['', 'Go']);
    const pause = measures.find(({ name }) => name === 'metrics.go_max_gc_pause_time');
    expect(pause && formatValue(pause.max, measureUnit(pause.name, pause.unit))).toBe('30.9 ms');
    for (const { name } of measures) expect(measureName(name).label).not.toContain('_');
  });

  it('have quantiles within their range, to compare with', () => {
    for (const { histogram } of measures) {
      expect(quantile(histogram, 0.5)).toBeGreaterThanOrEqual(histogram.from);
      expect(quantile(histogram, 0.5)).toBeLessThanOrEqual(histogram.to);
      expect(comparisonSuggestions(histogram, '').length).toBeGreaterThan(1);
    }
  });
});

describe('breakdowns of the server', () => {
  it.each(['breakdown-endpoint', 'breakdown-version', 'breakdown-function'])('%s adds up', (name) => {
    const body = golden<BreakdownBody>(name);
    const rows = rowsOfBreakdown(body);
    const sum = rows.reduce((total, row) => total + row.self, body.other?.self ?? 0);
    expect(sum).toBe(body.total);
    expect(rows.length + (body.other?.rows ?? 0)).toBe(body.found);
  });

  it('tell what a call of an endpoint costs', () => {
    const [first] = rowsOfBreakdown(golden<BreakdownBody>('breakdown-endpoint'));
    expect(first && formatValue(costPerCall(first) ?? 0, 'nanoseconds')).toBe('1.89 ms');
  });
});
