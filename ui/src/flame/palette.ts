import { at, hash32, OTHER, ROOT, type CallTree } from '../model/call-tree.ts';

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

/** A theme's colors, resolved: canvases know no CSS variables. */
export interface Palette {
  /** By color index; `NEUTRAL`, `OTHER_COLOR` and the colors of change follow the hues. */
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

/** One color index per node: the hue from the package, the shade from the function, both by hash and so stable. */
export function colorize(tree: CallTree): Uint8Array {
  const { names, packages } = tree.table;
  const byPackage = new Map<string, number>();
  const ofFunction = names.map((name, index) => {
    const packageName = packages[index] ?? '';
    let hue = byPackage.get(packageName);
    if (hue === undefined) {
      hue = packageName === '' ? -1 : mixed(hash32(packageName) ^ SALT) % HUES;
      byPackage.set(packageName, hue);
    }
    return hue < 0 ? NEUTRAL : hue * SHADES + (mixed(hash32(name)) % SHADES);
  });
  const colors = new Uint8Array(tree.size);
  for (let node = 0; node < tree.size; node++) {
    const index = at(tree.functions, node);
    colors[node] = index === ROOT ? NEUTRAL : index === OTHER ? OTHER_COLOR : (ofFunction[index] ?? NEUTRAL);
  }
  return colors;
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
  fills.push(token('--flame-neutral'), token('--flame-other'), token('--change-same'));
  for (const direction of ['less', 'more']) {
    for (let level = 1; level <= CHANGE_STEPS; level++) fills.push(token(`--change-${direction}-${level}`));
  }
  fills.push(token('--change-only-a'), token('--change-only-b'));
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

/** FNV leaves its low bits poorly mixed for short texts. */
function mixed(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (folded ^ (folded >>> 15)) >>> 0;
}
