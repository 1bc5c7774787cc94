import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { CompareBody } from '../api/compare.ts';
import { at, childrenOf, nodeName, OTHER, pathKeys } from './call-tree.ts';
import { changesCsv } from './changes-csv.ts';
import {
  changeRows,
  confidenceOf,
  decodeDiff,
  formatDelta,
  formatSide,
  graftDiff,
  sideTree,
  sortedChanges,
  summarize,
  tintOf,
  totalChange,
  type Diff,
} from './diff.ts';

const body = JSON.parse(
  readFileSync(new URL('../../e2e/fixtures/compare.json', import.meta.url), 'utf8'),
) as CompareBody;

function nodeCalled(diff: Diff, name: string): number {
  for (let node = 0; node < diff.tree.size; node++) if (nodeName(diff.tree, node) === name) return node;
  throw new Error(`no ${name}`);
}

describe('two trees laid over each other', () => {
  const diff = decodeDiff(body, 'function', 'share');

  it('gives every frame the mean of its shares, so that totals still add up', () => {
    expect(at(diff.tree.totals, 0)).toBeCloseTo(1, 12);
    for (let node = 0; node < diff.tree.size; node++) {
      const children = childrenOf(diff.tree, node).reduce(
        (sum, child) => sum + at(diff.tree.totals, child),
        0,
      );
      if (at(diff.tree.functions, node) === OTHER) continue;
      expect(at(diff.tree.selfs, node) + children).toBeCloseTo(at(diff.tree.totals, node), 9);
    }
  });

  it('shows what is on one side only, half as wide', () => {
    const node = nodeCalled(diff, 'PriceCache.get');
    const change = totalChange(diff, node);
    expect(change.a).toBe(0);
    expect(at(diff.tree.totals, node)).toBeCloseTo(change.b / 2, 12);
    expect(tintOf(change)).toEqual({ kind: 'only-b' });
  });

  it('leaves out of the tree of one side what it does not have, and finds its way back', () => {
    const { tree, origins, places } = sideTree(diff, 'a');
    const gone = nodeCalled(diff, 'PriceCache.get');
    expect(at(places, gone)).toBe(-1);
    expect(at(tree.totals, 0)).toBe(body.a.total);
    for (let node = 0; node < tree.size; node++) {
      expect(at(places, at(origins, node))).toBe(node);
      expect(nodeName(tree, node)).toBe(nodeName(diff.tree, at(origins, node)));
    }
  });

  it('takes a detailed part in, on both sides', () => {
    const node = nodeCalled(diff, 'StockEventHandler.handle');
    const end = at(diff.tree.subtreeEnds, node);
    const cut = <Value>(column: readonly Value[]): Value[] => column.slice(node, end);
    const { parent, ...columns } = body.nodes;
    const part: CompareBody = {
      ...body,
      nodes: {
        ...(Object.fromEntries(
          Object.entries(columns).map(([name, column]) => [name, cut<number | null>(column)]),
        ) as unknown as CompareBody['changes']),
        parent: cut(parent).map((each, index) => (index === 0 ? -1 : each - node)),
      },
    };
    const grafted = graftDiff(diff, pathKeys(diff.tree, node), part);
    expect(grafted).not.toBe(diff);
    expect(grafted.columns).toEqual(diff.columns);
    expect(grafted.tree.totals).toEqual(diff.tree.totals);
    expect(graftDiff(diff, ['nowhere'], part)).toBe(diff);
  });
});

describe('change', () => {
  const change = { samplesA: 10, samplesB: 20 };

  it.each([
    [{ a: 1, b: 1.9, z: 1.9 }, { kind: 'same' }],
    [{ a: 1, b: 9, z: Number.NaN }, { kind: 'same' }],
    [{ a: 1, b: 1.01, z: 9 }, { kind: 'same' }],
    [
      { a: 1, b: 1.05, z: 9 },
      { kind: 'more', step: 1 },
    ],
    [
      { a: 1, b: 2, z: 2 },
      { kind: 'more', step: 4 },
    ],
    [
      { a: 1.2, b: 1, z: -3 },
      { kind: 'less', step: 2 },
    ],
    [{ a: 1, b: 0, z: -3 }, { kind: 'only-a' }],
    [{ a: 0, b: 1, z: 1 }, { kind: 'same' }],
  ] as const)('%o looks like %o', (values, tint) => {
    expect(tintOf({ ...change, ...values })).toEqual(tint);
  });

  it('is called real by its distance from chance', () => {
    expect([1.99, -2, 3.9, -4, Number.NaN].map(confidenceOf)).toEqual([
      'noise',
      'likely',
      'likely',
      'clear',
      'unknown',
    ]);
  });

  it('is told in points, per minute and per call', () => {
    const share = decodeDiff(body, 'function', 'share');
    expect(formatDelta(0.021, share)).toBe('+2.1 pp');
    expect(formatDelta(-0.021, share)).toBe('−2.1 pp');
    const rate = decodeDiff(body, 'function', 'rate');
    expect(formatSide(totalChange(rate, 0).a, rate)).toBe('1.50 s/min');
    const call = decodeDiff(body, 'function', 'call');
    expect(formatSide(totalChange(call, 0).a, call)).toBe('17.3 ms/call');
    // As many calls on both sides: the evidence is that of equal times.
    expect(totalChange(call, 0).z).toBeCloseTo(totalChange(rate, 0).z, 2);
  });

  it('falls back on shares where calls are not counted', () => {
    expect(decodeDiff({ ...body, a: { ...body.a, calls: null } }, 'function', 'call').mode).toBe('share');
  });
});

describe('what the server answers for two real profiles', () => {
  const real = JSON.parse(
    readFileSync(new URL('../golden/compare.json', import.meta.url), 'utf8'),
  ) as CompareBody;

  it.each(['share', 'rate', 'call'] as const)('adds up by %s', (mode) => {
    const diff = decodeDiff(real, 'function', mode);
    expect(diff.mode).toBe(mode);
    for (let node = 0; node < diff.tree.size; node++) {
      const below = childrenOf(diff.tree, node).reduce((sum, child) => sum + at(diff.tree.totals, child), 0);
      const own = at(diff.tree.functions, node) === OTHER ? 0 : at(diff.tree.selfs, node);
      if (at(diff.tree.functions, node) !== OTHER)
        expect((own + below) / at(diff.tree.totals, node)).toBeCloseTo(1, 9);
    }
  });

  it('has its evidence on the same side as its change', () => {
    const diff = decodeDiff(real, 'function', 'rate');
    let clear = 0;
    for (let node = 0; node < diff.tree.size; node++) {
      const change = totalChange(diff, node);
      if (confidenceOf(change.z) !== 'clear' || change.a === 0 || change.b === 0) continue;
      clear += 1;
      expect(Math.sign(change.b - change.a)).toBe(Math.sign(change.z));
    }
    expect(clear).toBeGreaterThan(0);
  });

  it('is told in one sentence', () => {
    expect(summarize(real, 'share').sentence).toMatch(/^39\.0% more cpu-time per minute in B than in A: /);
  });

  it('compares what is there at one moment as it is', () => {
    const snapshot = decodeDiff({ ...real, kind: 'snapshot' }, 'function', 'rate');
    expect(totalChange(snapshot, 0)).toMatchObject({ a: real.a.total, b: real.b.total });
    expect(formatSide(2e9, snapshot)).toBe('2.00 s');
    expect(totalChange(snapshot, 0).z).toBeLessThan(-4);
  });
});

describe('the table of changes', () => {
  const rows = changeRows(body, 'share');

  it('has the largest first, whichever way they went', () => {
    const sizes = sortedChanges(rows, '-change').map((row) => Math.abs(row.delta));
    expect(sizes).toEqual(sizes.toSorted((left, right) => right - left));
    expect(rows.some((row) => row.delta < 0) && rows.some((row) => row.delta > 0)).toBe(true);
  });

  it('sorts by confidence with what is not known last', () => {
    const sorted = sortedChanges([...rows, { ...(rows[0] ?? fail()), z: Number.NaN }], '-real');
    expect(sorted.at(-1)?.z).toBeNaN();
  });

  it('goes into a spreadsheet', () => {
    const [head, first] = changesCsv(sortedChanges(rows, 'name')).split('\r\n');
    expect(head).toBe('function,file,module,self_a,self_b,samples_a,samples_b,normalized_a,normalized_b,z');
    expect(first?.split(',')).toHaveLength(10);
  });
});

describe('the sentence', () => {
  it('says what became of the whole', () => {
    const { sentence, z, warnings } = summarize(body, 'share');
    expect(sentence).toBe('15.6% more cpu-time per minute in B than in A: 1.50 s/min → 1.73 s/min');
    expect(confidenceOf(z)).toBe('clear');
    expect(warnings).toEqual([]);
  });

  it('warns of few samples and of sides that have nothing in common', () => {
    const few = summarize({ ...body, b: { ...body.b, samples: 17 } }, 'share');
    expect(few.warnings.join()).toMatch(/^B has few samples/);
    const zeros = body.nodes.total_b.map((value, node) => (node === 0 ? value : 0));
    const apart = summarize({ ...body, nodes: { ...body.nodes, total_b: zeros } }, 'share');
    expect(apart.warnings.join()).toMatch(/no function in common/);
  });
});

function fail(): never {
  throw new Error('no row');
}
