import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { BreakdownBody } from '../api/explore.ts';

import { at, decodeCallTree } from './call-tree.ts';
import { randomBody } from './random-tree.testing.ts';
import { compileSearch, searchTree } from './search.ts';
import type { FrameDimension } from './row-choice.ts';
import {
  costPerCall,
  marksOf,
  rowsOfBreakdown,
  rowsOfSubtree,
  sortedRows,
  type FunctionRow,
  type FunctionSort,
} from './top.ts';

const tree = decodeCallTree(randomBody({ seed: 21, nodes: 2000 }), 'function');

describe('search', () => {
  it('counts nested matches once, so that everything matching is the root', () => {
    const result = searchTree(tree, 'function_');
    expect(result?.matches).toHaveLength(tree.size - 1);
    expect(result?.total).toBe(at(tree.totals, 0) - at(tree.selfs, 0));
  });

  it('orders matches by size and marks exactly them', () => {
    const result = searchTree(tree, 'function_1');
    const totals = result?.matches.map((node) => at(tree.totals, node)) ?? [];
    expect(totals).toEqual(totals.toSorted((left, right) => right - left));
    expect(result?.marks.reduce((sum, mark) => sum + mark, 0)).toBe(result?.matches.length);
    expect(result?.total).toBeLessThanOrEqual(at(tree.totals, 0));
  });

  it.each([
    ['json', 'parse_JSON', true],
    ['JSON', 'parse_json', false],
    ['/^get.*user$/', 'get_a_user', true],
    ['/^get.*user$/', 'forget_user', false],
    ['a.b', 'a-b', false],
  ])('%s in %s', (search, text, expected) => {
    expect(compileSearch(search)?.(text)).toBe(expected);
  });

  it('is off while empty, and while an expression is unfinished', () => {
    expect(compileSearch('  ')).toBeUndefined();
    expect(compileSearch('/(/')).toBeUndefined();
  });
});

describe('functions of a subtree', () => {
  it('have selfs that add up to the whole', () => {
    const rows = rowsOfSubtree(tree, 0);
    const selfs = rows.reduce((sum, row) => sum + row.self, 0);
    expect(selfs + at(tree.selfs, 0)).toBe(at(tree.totals, 0));
  });

  it('never exceed the subtree, even when they recur', () => {
    const root = at(tree.rows[2] ?? new Int32Array(1), 0);
    for (const row of rowsOfSubtree(tree, root)) {
      expect(row.total).toBeLessThanOrEqual(at(tree.totals, root));
      expect(row.self).toBeLessThanOrEqual(row.total);
    }
  });

  it('add up to the same by file and by package', () => {
    const sum = (by: FrameDimension): number =>
      rowsOfSubtree(tree, 0, by).reduce((total, row) => total + row.self, 0);
    for (const by of ['line', 'file', 'package'] as const) expect(sum(by)).toBe(sum('function'));
    for (const row of rowsOfSubtree(tree, 0, 'package')) {
      expect(row.total).toBeLessThanOrEqual(at(tree.totals, 0));
    }
  });

  it('mark the nodes they stand for', () => {
    for (const by of ['function', 'file', 'package'] as const) {
      for (const row of rowsOfSubtree(tree, 0, by)) {
        const marks = marksOf(tree, row, by);
        const self = marks.reduce((total, mark, node) => total + mark * at(tree.selfs, node), 0);
        expect(self).toBe(row.self);
      }
    }
  });

  it('sort by calls and by the cost of one, what is not counted last', () => {
    const row = (name: string, total: number, calls: number | null): FunctionRow => ({
      name,
      file: '',
      module: '',
      line: 0,
      self: total,
      total,
      calls,
    });
    const rows = [row('often', 100, 50), row('dear', 90, 3), row('unknown', 200, null)];
    const names = (sort: FunctionSort): string[] => sortedRows(rows, sort, '').map(({ name }) => name);
    expect(names('-calls')).toEqual(['often', 'dear', 'unknown']);
    expect(names('-each')).toEqual(['dear', 'often', 'unknown']);
    expect(names('-total')).toEqual(['unknown', 'often', 'dear']);
  });

  it('sort and filter', () => {
    const rows = rowsOfSubtree(tree, 0);
    const bySelf = sortedRows(rows, '-self', '').map((row) => row.self);
    expect(bySelf).toEqual(bySelf.toSorted((left, right) => right - left));
    expect(sortedRows(rows, 'name', 'function_7').every((row) => row.name.includes('function_7'))).toBe(true);
    expect(rows.length).toBeGreaterThan(sortedRows(rows, 'name', 'function_7').length);
  });
});

describe('rows as the server sends them', () => {
  const golden = (name: string): BreakdownBody =>
    JSON.parse(
      readFileSync(new URL(`../golden/breakdown-${name}.json`, import.meta.url), 'utf8'),
    ) as BreakdownBody;

  it('have the calls of endpoints, and what one costs', () => {
    const rows = rowsOfBreakdown(golden('endpoint'));
    const row = rows.find(({ name }) => name === 'GET /search');
    expect(row).toMatchObject({ total: 1_050_240_000, calls: 556 });
    expect(row && costPerCall(row)).toBeCloseTo(1_050_240_000 / 556);
  });

  it('have files for functions, and no calls', () => {
    expect(rowsOfBreakdown(golden('function'))[0]).toMatchObject({
      name: 'handle_search',
      file: '/tmp/capture/app.py',
      line: 0,
      calls: null,
    });
    expect(rowsOfBreakdown(golden('version')).map(({ name }) => name)).toContain('1.0.3');
  });
});
