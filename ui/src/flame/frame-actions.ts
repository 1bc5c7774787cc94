/** What can be done with a frame, from its menu or by a key. */
export type FrameActionId =
  | 'zoom'
  | 'pin'
  | 'focus'
  | 'only'
  | 'exclude'
  | 'merge'
  | 'recursion'
  | 'library'
  | 'sandwich'
  | 'search'
  | 'copy-name'
  | 'copy-stack'
  | 'copy-source'
  | 'open-source';

export interface FrameAction {
  readonly id: FrameActionId;
  /** In the menu. */
  readonly label: string;
  /** In the help. */
  readonly meaning: string;
  /** As `KeyboardEvent.key` has it. */
  readonly key?: string;
  /** Actions of one group stand together in the menu. */
  readonly group: 'look' | 'transform' | 'find' | 'copy';
}

export const FRAME_ACTIONS: readonly FrameAction[] = [
  { id: 'zoom', label: 'Zoom in', meaning: 'Zoom in', key: 'Enter', group: 'look' },
  {
    id: 'pin',
    label: 'Pin the details',
    meaning: 'Pin its details, or let them go',
    key: 't',
    group: 'look',
  },
  {
    id: 'focus',
    label: 'Focus on this function',
    meaning: 'Focus: all its calls are one root',
    key: 'f',
    group: 'transform',
  },
  {
    id: 'only',
    label: 'Show only stacks with it',
    meaning: 'Only stacks that have it',
    key: 'k',
    group: 'transform',
  },
  {
    id: 'exclude',
    label: 'Exclude stacks with it',
    meaning: 'Without stacks that have it',
    key: 'x',
    group: 'transform',
  },
  {
    id: 'merge',
    label: 'Merge into callers',
    meaning: 'Merge it into its callers',
    key: 'm',
    group: 'transform',
  },
  {
    id: 'recursion',
    label: 'Collapse its recursion',
    meaning: 'Collapse its recursion',
    key: 'r',
    group: 'transform',
  },
  {
    id: 'library',
    label: 'Collapse the package',
    meaning: 'Collapse its package into one frame',
    key: 'l',
    group: 'transform',
  },
  {
    id: 'sandwich',
    label: 'Callers and callees',
    meaning: 'Its callers and callees',
    key: 's',
    group: 'find',
  },
  {
    id: 'search',
    label: 'Search for it',
    meaning: 'Search for its name',
    key: 'e',
    group: 'find',
  },
  {
    id: 'copy-name',
    label: 'Copy name',
    meaning: 'Copy its name',
    key: 'c',
    group: 'copy',
  },
  {
    id: 'copy-stack',
    label: 'Copy stack',
    meaning: 'Copy the stack down to it',
    key: 'C',
    group: 'copy',
  },
  {
    id: 'copy-source',
    label: 'Copy file and line',
    meaning: 'Copy its file and line',
    group: 'copy',
  },
  {
    id: 'open-source',
    label: 'Open source',
    meaning: 'Open its source in the repository',
    key: 'o',
    group: 'copy',
  },
];

/** How a key is written for readers. */
export function shownKey(key: string): string {
  return /^[A-Z]$/.test(key) ? `Shift ${key}` : key;
}
