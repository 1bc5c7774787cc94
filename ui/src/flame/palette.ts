import { at, hash32, OTHER, ROOT, type CallTree } from '../model/call-tree.ts';
import type { ColorBy } from '../state/url.ts';

/** Hues of the theme's wheel, evenly bright; each comes in shades so that neighbors of one package stay apart. */
export const HUES = 12;
export const SHADES = 3;
/** Found by trying: gives twelve packages that often stand side by side (the runtimes, django, express, ...) a hue each. */
const SALT = 17019;
export const NEUTRAL = HUES * SHADES;
export const OTHER_COLOR = NEUTRAL + 1;
/** What did not change, or not more than chance would. */
export const SAME = OTHER_COLOR + 1;
/** Steps of change, the faintest first. */
export const CHANGE_STEPS = 4;
export const LESS = SAME + 1;
export const MORE = LESS + CHANGE_STEPS;
/** Only in the one side of a comparison. */
export const ONLY_A = MORE + CHANGE_STEPS;
export const ONLY_B = ONLY_A + 1;
/** What a frame is, in the order of the API's codes. */
export const FIRST_KIND = ONLY_B + 1;
const KINDS = ['own', 'library', 'standard', 'native', 'kernel', 'runtime', 'unknown'] as const;
/** From nothing to most of it: the darker, the more (the brighter, where the page is dark). */
export const FIRST_HEAT = FIRST_KIND + KINDS.length;
/** Step `n` begins at this share of the whole. Fixed, so that colors mean the same in every picture. */
export const HEAT_STEPS = [0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3] as const;

/** A theme's colors, resolved: canvases know no CSS variables. */
export interface Palette {
  /** By color index: the hues in their shades, then those that are named above. */
  readonly fills: readonly string[];
  readonly background: string;
  readonly faded: string;
  readonly text: string;
  readonly fadedText: string;
  readonly run: string;
  readonly fadedRun: string;
  readonly matchRun: string;
  readonly hatch: string;
  readonly changeHatch: string;
  readonly font: string;
}

/** One color index per node. */
export function colorize(tree: CallTree, by: ColorBy = 'package'): Uint8Array {
  return by === 'value' ? heat(tree) : spread(tree, functionColors(tree, by));
}

/** Per function: by package, the hue comes from the package and the shade from the name, both by hash and so stable. */
function functionColors(tree: CallTree, by: 'package' | 'kind'): readonly number[] {
  const { names, packages, kinds } = tree.table;
  if (by === 'kind') return kinds.map((kind) => FIRST_KIND + kind);
  const hues = new Map<string, number>();
  return names.map((name, index) => {
    const packageName = packages[index] ?? '';
    let hue = hues.get(packageName);
    if (hue === undefined) {
      hue = hueOf(packageName);
      hues.set(packageName, hue);
    }
    return hue < 0 ? NEUTRAL : hue * SHADES + (mixed(hash32(name)) % SHADES);
  });
}

/** The middle shade of a package's hue: what stands for it in the legend. */
export function packageColor(packageName: string): number {
  const hue = hueOf(packageName);
  return hue < 0 ? NEUTRAL : hue * SHADES + 1;
}

function hueOf(packageName: string): number {
  return packageName === '' ? -1 : mixed(hash32(packageName) ^ SALT) % HUES;
}

function spread(tree: CallTree, ofFunction: readonly number[]): Uint8Array {
  const colors = new Uint8Array(tree.size);
  for (let node = 0; node < tree.size; node++) {
    const index = at(tree.functions, node);
    colors[node] = index === ROOT ? NEUTRAL : index === OTHER ? OTHER_COLOR : (ofFunction[index] ?? NEUTRAL);
  }
  return colors;
}

/** By what a frame spends itself: its total would paint every path to something expensive alike. */
function heat(tree: CallTree): Uint8Array {
  const whole = Math.max(at(tree.totals, 0), Number.MIN_VALUE);
  const colors = new Uint8Array(tree.size);
  for (let node = 0; node < tree.size; node++) {
    colors[node] =
      at(tree.functions, node) === OTHER
        ? OTHER_COLOR
        : FIRST_HEAT + heatStep(Math.abs(at(tree.selfs, node)) / whole);
  }
  return colors;
}

function heatStep(share: number): number {
  let step = 0;
  while (step + 1 < HEAT_STEPS.length && share >= (HEAT_STEPS[step + 1] ?? 1)) step += 1;
  return step;
}

/** The same color for style sheets, which follow the theme by themselves. */
export function cssColor(color: number): string {
  if (color < NEUTRAL) {
    const shade = (color % SHADES) - 1;
    return `oklch(calc(var(--flame-lightness) + ${shade} * var(--flame-shade-step)) var(--flame-chroma) ${HUE_ANGLES[Math.floor(color / SHADES)] ?? 0})`;
  }
  return `var(${TOKENS[color - NEUTRAL] ?? '--flame-neutral'})`;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const lightness = Number(token('--flame-lightness'));
  const step = Number(token('--flame-shade-step'));
  const chroma = Number(token('--flame-chroma'));
  const fills: string[] = [];
  for (let hue = 0; hue < HUES; hue++) {
    const angle = HUE_ANGLES[hue] ?? 0;
    for (let shade = 0; shade < SHADES; shade++) {
      fills.push(`oklch(${(lightness + (shade - 1) * step).toFixed(3)} ${chroma} ${angle})`);
    }
  }
  fills.push(...TOKENS.map(token));
  return {
    fills,
    background: token('--surface'),
    faded: token('--flame-faded'),
    text: token('--flame-text'),
    fadedText: token('--flame-faded-text'),
    run: token('--flame-run'),
    fadedRun: token('--flame-faded-run'),
    matchRun: token('--flame-match-run'),
    hatch: token('--flame-hatch'),
    changeHatch: token('--change-hatch'),
    font: token('--flame-font'),
  };
}

/** Chosen by eye: even steps would give a third of the wheel to greens that look alike. */
const HUE_ANGLES = [30, 55, 78, 102, 130, 160, 195, 225, 255, 285, 315, 352];

/** Of the colors from {@link NEUTRAL} on. */
const TOKENS = [
  '--flame-neutral',
  '--flame-other',
  '--change-same',
  ...['less', 'more'].flatMap((direction) =>
    Array.from({ length: CHANGE_STEPS }, (_, level) => `--change-${direction}-${level + 1}`),
  ),
  '--change-only-a',
  '--change-only-b',
  ...KINDS.map((kind) => `--flame-kind-${kind}`),
  ...HEAT_STEPS.map((_, step) => `--flame-heat-${step}`),
];

/** FNV leaves its low bits poorly mixed for short texts. */
function mixed(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (folded ^ (folded >>> 15)) >>> 0;
}
