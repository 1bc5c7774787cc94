export type TimelineAction =
  | { readonly kind: 'row'; readonly step: 1 | -1 }
  | { readonly kind: 'event'; readonly step: 1 | -1 }
  | { readonly kind: 'edge'; readonly step: 1 | -1 }
  | { readonly kind: 'open' | 'clear' | 'whole' }
  | { readonly kind: 'choose'; readonly what: Chosen }
  | { readonly kind: 'scale'; readonly delta: number }
  | { readonly kind: 'pan'; readonly share: number };

/** What a flame graph can be asked of. */
export type Chosen = 'event' | 'second' | 'thread' | 'span' | 'view';

interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** For the help of the timeline; the tests check that each of these does something. */
export const TIMELINE_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['↑ ↓', 'Lane above, below'],
  ['← →', 'Event before, after; fold, unfold a group'],
  ['Home End', 'First, last event of the lane'],
  ['Enter', 'Flame graph of the event; on a group, fold or unfold it'],
  ['s  t  r', 'Flame graph of this second, this thread, this request'],
  ['v', 'Flame graph of what is in view'],
  ['+ −  0', 'Zoom in, out, show everything'],
  ['Shift ← →', 'Move sideways'],
  ['Esc', 'Clear the selection'],
];

export function timelineAction(event: Key): TimelineAction | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  switch (event.key) {
    case 'ArrowDown':
      return { kind: 'row', step: 1 };
    case 'ArrowUp':
      return { kind: 'row', step: -1 };
    case 'ArrowLeft':
    case 'ArrowRight': {
      const step = event.key === 'ArrowLeft' ? -1 : 1;
      return event.shiftKey ? { kind: 'pan', share: step * 0.2 } : { kind: 'event', step };
    }
    case 'Home':
      return { kind: 'edge', step: -1 };
    case 'End':
      return { kind: 'edge', step: 1 };
    case 'Enter':
    case ' ':
      return { kind: 'open' };
    case 'Escape':
      return { kind: 'clear' };
    case 's':
      return { kind: 'choose', what: 'second' };
    case 't':
      return { kind: 'choose', what: 'thread' };
    case 'r':
      return { kind: 'choose', what: 'span' };
    case 'v':
      return { kind: 'choose', what: 'view' };
    case '+':
    case '=':
      return { kind: 'scale', delta: -1000 };
    case '-':
      return { kind: 'scale', delta: 1000 };
    case '0':
      return { kind: 'whole' };
    default:
      return undefined;
  }
}
