import type { CompareBody, SideBody } from '../api/compare.ts';
import type { Granularity, Kind } from '../api/types.ts';
import type { ChangeMode } from '../state/url.ts';
import {
  at,
  graft,
  layOut,
  resolvePath,
  type CallTree,
  type FunctionTable,
  type NodeId,
} from './call-tree.ts';
import {
  formatCompact,
  formatFraction,
  formatPoints,
  formatShare,
  formatSigned,
  formatValue,
} from './format.ts';

/** What the two sides have of every node or function. */
export interface TwoSided {
  readonly selfA: Float64Array;
  readonly totalA: Float64Array;
  readonly samplesA: Float64Array;
  readonly selfB: Float64Array;
  readonly totalB: Float64Array;
  readonly samplesB: Float64Array;
  /** How far B is above A in standard deviations of chance; not a number where there is no evidence. */
  readonly zShare: Float64Array;
  readonly zRate: Float64Array;
}

/**
 * Two call trees laid over each other. `tree` has the width of a frame from both sides, each normalized first: what
 * is on one side only is half as wide as it would be alone, and still in sight.
 */
export interface Diff {
  readonly type: string;
  readonly unit: string;
  readonly kind: Kind;
  readonly granularity: Granularity;
  readonly mode: ChangeMode;
  readonly a: SideBody;
  readonly b: SideBody;
  readonly tree: CallTree;
  readonly columns: TwoSided;
}

export function decodeDiff(body: CompareBody, granularity: Granularity, asked: ChangeMode): Diff {
  return layOutDiff(body, body.a, body.b, granularity, modeOf(body, asked));
}

/** The mode, or shares where the sides cannot be divided by time or by calls. */
export function modeOf(body: Pick<CompareBody, 'kind' | 'a' | 'b'>, asked: ChangeMode): ChangeMode {
  return obstacleOf(body, asked) === undefined ? asked : 'share';
}

/** Why a mode is impossible, in words. */
export function obstacleOf(
  { kind, a, b }: Pick<CompareBody, 'kind' | 'a' | 'b'>,
  mode: ChangeMode,
): string | undefined {
  if (mode === 'call') {
    if (kind === 'snapshot') return 'These values are what there was at one moment, so they have no rate.';
    if (!a.calls || !b.calls) return 'Not both sides count the calls of endpoints.';
  }
  if (mode === 'rate' && kind === 'delta' && (a.seconds <= 0 || b.seconds <= 0))
    return 'The profiles do not say how much time they cover.';
  return undefined;
}

function layOutDiff(
  body: CompareBody,
  a: SideBody,
  b: SideBody,
  granularity: Granularity,
  mode: ChangeMode,
): Diff {
  const text = (index: number): string => body.strings[index] ?? '';
  const table: FunctionTable = {
    names: body.functions.name.map(text),
    files: body.functions.file.map(text),
    modules: body.functions.module.map(text),
    lines: body.functions.line,
    packages: body.functions.package.map(text),
    kinds: body.functions.kind,
  };
  const columns = twoSided(body.nodes);
  const sides = { kind: body.kind, a, b, mode };
  const tree = layOut(
    {
      type: body.type,
      unit: body.unit,
      kind: body.kind,
      granularity,
      samples: a.samples + b.samples,
      profiles: a.profiles + b.profiles,
      seconds: 0,
      calls: null,
      problems: [],
      prunedNodes: body.pruned.nodes,
      prunedValue: 0,
      table,
    },
    {
      parents: Int32Array.from(body.nodes.parent),
      functions: Int32Array.from(body.nodes.function),
      selfs: means(sides, columns.selfA, columns.selfB),
      totals: means(sides, columns.totalA, columns.totalB),
    },
  );
  return { type: body.type, unit: body.unit, kind: body.kind, granularity, mode, a, b, tree, columns };
}

function twoSided(body: CompareBody['changes']): TwoSided {
  const numbers = (column: readonly (number | null)[]): Float64Array =>
    Float64Array.from(column, (value) => value ?? Number.NaN);
  return {
    selfA: numbers(body.self_a),
    totalA: numbers(body.total_a),
    samplesA: numbers(body.samples_a),
    selfB: numbers(body.self_b),
    totalB: numbers(body.total_b),
    samplesB: numbers(body.samples_b),
    zShare: numbers(body.z_share),
    zRate: numbers(body.z_rate),
  };
}

type Sides = Pick<Diff, 'kind' | 'a' | 'b' | 'mode'>;

function means(sides: Sides, a: Float64Array, b: Float64Array): Float64Array {
  const [byA, byB] = [divisorOf(sides, 'a'), divisorOf(sides, 'b')];
  return a.map((value, index) => (value / byA + at(b, index) / byB) / 2);
}

/** What values of a side are divided by to be compared: the whole, minutes, or calls. */
function divisorOf({ kind, mode, ...sides }: Sides, side: 'a' | 'b'): number {
  const { total, seconds, calls } = sides[side];
  if (mode === 'share') return total || 1;
  if (mode === 'call') return calls || 1;
  // What is there at one moment has no rate: it is compared as it is.
  return kind === 'snapshot' ? 1 : seconds / 60 || 1;
}

/** A detailed part in place of what was pruned, as {@link graft} does it; the sides come along. */
export function graftDiff(diff: Diff, path: readonly string[], body: CompareBody): Diff {
  const node = resolvePath(diff.tree, path);
  // Shares are shares of the whole, not of the part.
  const part = layOutDiff(body, diff.a, diff.b, diff.granularity, diff.mode);
  const fits =
    at(diff.tree.depths, node) === path.length &&
    part.tree.size > 0 &&
    at(part.columns.totalA, 0) === at(diff.columns.totalA, node) &&
    at(part.columns.totalB, 0) === at(diff.columns.totalB, node);
  if (!fits) return diff;
  const end = at(diff.tree.subtreeEnds, node);
  const columns = mapColumns((name) => {
    const [own, more] = [diff.columns[name], part.columns[name]];
    const spliced = new Float64Array(own.length - (end - node) + more.length);
    spliced.set(own.subarray(0, node));
    spliced.set(more, node);
    spliced.set(own.subarray(end), node + more.length);
    return spliced;
  });
  return { ...diff, tree: graft(diff.tree, node, part.tree), columns };
}

/** One side alone, for a flame graph of its own: without what it does not have. */
export interface SideTree {
  readonly tree: CallTree;
  /** Node of the comparison, by node of this tree. */
  readonly origins: Int32Array;
  /** And back: -1 for what this side does not have. */
  readonly places: Int32Array;
}

export function sideTree(diff: Diff, side: 'a' | 'b'): SideTree {
  const totals = side === 'a' ? diff.columns.totalA : diff.columns.totalB;
  const selfs = side === 'a' ? diff.columns.selfA : diff.columns.selfB;
  const places = new Int32Array(diff.tree.size).fill(-1);
  const kept: number[] = [];
  for (let node = 0; node < diff.tree.size; node++) {
    if (node > 0 && at(totals, node) === 0) continue;
    places[node] = kept.push(node) - 1;
  }
  const origins = Int32Array.from(kept);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(kept, (node) => at(column, node));
  const basis = diff[side];
  const tree = layOut(
    { ...diff.tree, samples: basis.samples, profiles: basis.profiles, seconds: basis.seconds },
    {
      parents: origins.map((node) => (node === 0 ? -1 : at(places, at(diff.tree.parents, node)))),
      functions: origins.map((node) => at(diff.tree.functions, node)),
      selfs: pick(selfs),
      totals: pick(totals),
    },
  );
  return { tree, origins, places };
}

/** One value on both sides, normalized so that they can be compared. */
export interface Change {
  readonly a: number;
  readonly b: number;
  readonly samplesA: number;
  readonly samplesB: number;
  readonly z: number;
}

export function totalChange(diff: Diff, node: NodeId): Change {
  const { totalA, totalB } = diff.columns;
  return changeOf(diff, diff.columns, node, at(totalA, node), at(totalB, node));
}

export function selfOf(diff: Diff, node: NodeId): { a: number; b: number } {
  return {
    a: at(diff.columns.selfA, node) / divisorOf(diff, 'a'),
    b: at(diff.columns.selfB, node) / divisorOf(diff, 'b'),
  };
}

function changeOf(sides: Sides, columns: TwoSided, row: number, rawA: number, rawB: number): Change {
  const [samplesA, samplesB] = [at(columns.samplesA, row), at(columns.samplesB, row)];
  const z = zOf(sides, columns, row, samplesA, samplesB);
  return { a: rawA / divisorOf(sides, 'a'), b: rawB / divisorOf(sides, 'b'), samplesA, samplesB, z };
}

function zOf(sides: Sides, columns: TwoSided, row: number, samplesA: number, samplesB: number): number {
  if (sides.mode === 'share') return at(columns.zShare, row);
  if (sides.mode === 'call') return zOfRate(samplesA, sides.a.calls ?? 0, samplesB, sides.b.calls ?? 0);
  // One moment against another: of as much on both sides there would be as many samples.
  return sides.kind === 'snapshot' ? zOfRate(samplesA, 1, samplesB, 1) : at(columns.zRate, row);
}

const FEWEST = 5;

/** As the server does it for time, here per call: given their sum, B's samples are binomial if nothing changed. */
function zOfRate(samplesA: number, exposureA: number, samplesB: number, exposureB: number): number {
  const hits = samplesA + samplesB;
  if (hits < FEWEST || exposureA <= 0 || exposureB <= 0) return Number.NaN;
  const chance = exposureB / (exposureA + exposureB);
  const difference = samplesB - hits * chance;
  const beyond = Math.max(Math.abs(difference) - 0.5, 0);
  return (Math.sign(difference) * beyond) / Math.sqrt(hits * chance * (1 - chance));
}

export type Confidence = 'clear' | 'likely' | 'noise' | 'unknown';

/** Whether a change is more than chance. Among hundreds of functions some are beyond 2 by chance, hardly any beyond 4. */
export function confidenceOf(z: number): Confidence {
  if (Number.isNaN(z)) return 'unknown';
  const size = Math.abs(z);
  return size >= 4 ? 'clear' : size >= 2 ? 'likely' : 'noise';
}

export const CONFIDENCE_WORDS: Readonly<Record<Confidence, string>> = {
  clear: 'Clear',
  likely: 'Likely',
  noise: 'Within noise',
  unknown: 'Too few samples',
};

/** The same where there is a word's room. */
export const CONFIDENCE_SHORT: Readonly<Record<Confidence, string>> = {
  clear: 'Clear',
  likely: 'Likely',
  noise: 'Noise',
  unknown: 'Too few',
};

/** "Is this real?" */
export function explainConfidence(change: Change): string {
  const distance = `${Math.abs(change.z).toFixed(1)} standard deviations`;
  switch (confidenceOf(change.z)) {
    case 'clear':
      return `Clear: ${distance} from chance.`;
    case 'likely':
      return `Likely: ${distance} from chance; of many functions, one in twenty is beyond 2 though nothing changed.`;
    case 'noise':
      return 'Within noise: as much comes about by chance.';
    case 'unknown':
      return 'Too few samples to tell it from chance.';
  }
}

/** How a frame of a comparison looks: which way it changed, and how much in four steps. */
export type Tint =
  | { readonly kind: 'same' | 'only-a' | 'only-b' }
  | { readonly kind: 'less' | 'more'; readonly step: 1 | 2 | 3 | 4 };

/** Where the steps begin, as B over A: below the first nothing is worth a color. */
export const STEPS = [1.02, 1.1, 1.3, 2] as const;

/** Gray under the noise floor, however large the change seems: one sample more is not news. */
export function tintOf({ a, b, z }: Change): Tint {
  const confidence = confidenceOf(z);
  if (confidence === 'noise' || confidence === 'unknown' || a === b) return { kind: 'same' };
  if (a === 0) return { kind: 'only-b' };
  if (b === 0) return { kind: 'only-a' };
  const ratio = b > a ? b / a : a / b;
  const step = STEPS.filter((each) => ratio >= each).length as 0 | 1 | 2 | 3 | 4;
  return step === 0 ? { kind: 'same' } : { kind: b > a ? 'more' : 'less', step };
}

/** One line of the table of changes: what a function spends itself. */
export interface ChangeRow extends Change {
  readonly name: string;
  readonly file: string;
  readonly module: string;
  readonly delta: number;
  /** As the server counts them. */
  readonly selfA: number;
  readonly selfB: number;
}

export function changeRows(body: CompareBody, asked: ChangeMode): ChangeRow[] {
  const sides: Sides = { kind: body.kind, a: body.a, b: body.b, mode: modeOf(body, asked) };
  const columns = twoSided(body.changes);
  const text = (index: number | undefined): string => body.strings[index ?? 0] ?? '';
  return body.changes.function.flatMap((index, row) => {
    const [selfA, selfB] = [at(columns.selfA, row), at(columns.selfB, row)];
    // What only calls others has nothing of its own that could change.
    if (selfA === 0 && selfB === 0) return [];
    const change = changeOf(sides, columns, row, selfA, selfB);
    return {
      ...change,
      name: text(body.functions.name[index]),
      file: text(body.functions.file[index]),
      module: text(body.functions.module[index]),
      delta: change.b - change.a,
      selfA,
      selfB,
    };
  });
}

export type ChangeSort = '-change' | 'change' | '-a' | 'a' | '-b' | 'b' | '-real' | 'real' | 'name' | '-name';

/** By size of the change, whichever way it goes; what is not known to be real comes after what is. */
export function sortedChanges(rows: readonly ChangeRow[], sort: ChangeSort): ChangeRow[] {
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = (row: ChangeRow): number => {
    switch (sort.replace('-', '')) {
      case 'a':
        return row.a;
      case 'b':
        return row.b;
      case 'real':
        return Number.isNaN(row.z) ? -1 : Math.abs(row.z);
      default:
        return Math.abs(row.delta);
    }
  };
  return rows.toSorted((left, right) => {
    const names = left.name.localeCompare(right.name);
    return sort.endsWith('name') ? sign * names : sign * (by(left) - by(right)) || names;
  });
}

/** How values are told: what is compared, in which unit. */
export type Form = Pick<Diff, 'unit' | 'kind' | 'mode'>;

/** What a normalized value is an amount per: nothing for shares and for what there is at one moment. */
export function perOf({ kind, mode }: Form): '' | '/min' | '/call' {
  if (mode === 'share' || kind === 'snapshot') return '';
  return mode === 'rate' ? '/min' : '/call';
}

/** A normalized value of one side. */
export function formatSide(value: number, form: Form): string {
  return formatAmount(value, form) + perOf(form);
}

/** The same where a header already says what it is an amount per. */
export function formatAmount(value: number, form: Form): string {
  if (form.mode === 'share') return formatShare(value, 1);
  return perOf(form) === '' ? formatValue(value, form.unit) : formatFraction(value, form.unit);
}

/** What was added or taken away: points of a percentage, or an amount. */
export function formatDelta(delta: number, form: Form): string {
  return formatAmountDelta(delta, form) + perOf(form);
}

export function formatAmountDelta(delta: number, form: Form): string {
  return form.mode === 'share'
    ? formatPoints(delta)
    : formatSigned(delta, (size) => formatAmount(size, form));
}

export interface Summary {
  /** "B spends 12% more cpu-time per minute than A." */
  readonly sentence: string;
  readonly z: number;
  readonly warnings: readonly string[];
}

/** Below it, shares of a few percent are mostly chance. */
const FEW_SAMPLES = 100;

/** What became of the whole, in one sentence, and what speaks against believing it. */
export function summarize(body: CompareBody, asked: ChangeMode): Summary {
  // The whole has no share of itself: what changed of it is what was spent per minute, or per call.
  const mode = modeOf(body, asked === 'call' ? 'call' : 'rate');
  const sides: Sides = { kind: body.kind, a: body.a, b: body.b, mode };
  const whole = changeOf(sides, twoSided(body.nodes), 0, body.a.total, body.b.total);
  const per = body.kind === 'snapshot' ? 'at one moment' : mode === 'call' ? 'per call' : 'per minute';
  const form = { unit: body.unit, kind: body.kind, mode };
  const amounts = `${formatSide(whole.a, form)} → ${formatSide(whole.b, form)}`;
  const ratio = whole.a > 0 ? whole.b / whole.a : 1;
  const isSame = Math.abs(ratio - 1) < 0.005;
  const comparative =
    ratio >= 1.995
      ? `${formatCompact(ratio)} times as much ${body.type} ${per} in B as in A`
      : `${formatShare(Math.abs(ratio - 1), 1)} ${ratio > 1 ? 'more' : 'less'} ${body.type} ${per} in B than in A`;
  return {
    sentence:
      mode === 'share'
        ? `How much ${body.type} there is per minute is not known`
        : `${isSame ? `As much ${body.type} ${per} in A as in B` : comparative}: ${amounts}`,
    z: whole.z,
    warnings: warningsOf(body),
  };
}

function warningsOf({ a, b, nodes, problems }: CompareBody): string[] {
  const warnings: string[] = [];
  for (const [name, side] of [
    ['A', a],
    ['B', b],
  ] as const) {
    if (side.samples > 0 && side.samples < FEW_SAMPLES)
      warnings.push(`${name} has few samples: only large changes can be told from chance.`);
  }
  const common = nodes.total_a.some((value, node) => node > 0 && value > 0 && (nodes.total_b[node] ?? 0) > 0);
  if (a.total > 0 && b.total > 0 && !common)
    warnings.push('The two sides have no function in common: are they the same program?');
  return [...warnings, ...problems];
}

function mapColumns(map: (name: keyof TwoSided) => Float64Array): TwoSided {
  return {
    selfA: map('selfA'),
    totalA: map('totalA'),
    samplesA: map('samplesA'),
    selfB: map('selfB'),
    totalB: map('totalB'),
    samplesB: map('samplesB'),
    zShare: map('zShare'),
    zRate: map('zRate'),
  };
}
