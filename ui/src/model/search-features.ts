/** What a search for profiles can say, by example, for whoever looks for it. */
export const SEARCH_FEATURES: readonly (readonly [example: string, meaning: string])[] = [
  ['service:web env:prod', 'Both, with or without AND'],
  ['service:web OR env:prod', 'Either'],
  ['service:(web OR api)', 'Either value'],
  ['-env:staging', 'Not this; NOT is the same'],
  ['-(env:dev OR host:h1)', 'None of a group'],
  ['version:1.?.*', 'Any one character, any text'],
  ['host:*', 'Has the tag at all'],
  ['service:"my web"', 'With a blank in it'],
  ['checkout', 'In the value of any tag'],
  ['@cpu_cores:>=1.5', 'A measure, also with > < <='],
  ['@cpu_cores:[1 TO 2]', 'Between, both included'],
  ['span_id:42', 'The samples of one span'],
  ['trace_id:42', 'The profiles of one trace'],
];

/** What the keyboard does in the search box. */
export const SEARCH_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['↓ ↑', 'Recent searches and suggestions'],
  ['Tab', 'Take the suggestion'],
  ['Enter', 'Search'],
  ['Shift Del', 'Forget the recent search'],
  ['Esc', 'Close the list; undo the typing'],
];
