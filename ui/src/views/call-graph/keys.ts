/** For the help overlay. */
export const GRAPH_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['↓ ↑', 'Along the largest flow: to a callee, to a caller'],
  ['← →', 'Neighbor at the same height'],
  ['Enter', 'Focus on the function'],
  ['Home', 'The largest function'],
  ['+ − 0', 'Larger, smaller, all of it'],
];
