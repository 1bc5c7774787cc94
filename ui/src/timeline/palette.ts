import { STATES } from '../model/timeline.ts';

/** A theme's colors, resolved: canvases know no CSS variables. */
export interface TimelinePalette {
  /** By index of {@link STATES}. */
  readonly fills: readonly string[];
  readonly background: string;
  readonly line: string;
  readonly text: string;
  readonly axisText: string;
  readonly font: string;
}

export function readTimelinePalette(element: Element): TimelinePalette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    fills: STATES.map((state) => token(`--state-${state}`)),
    background: token('--surface'),
    line: token('--border'),
    text: token('--flame-text'),
    axisText: token('--text-muted'),
    font: token('--flame-font'),
  };
}
