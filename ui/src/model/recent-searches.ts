const MOST = 20;

/** Newest first, each once. A search that goes on from the last one takes its place. */
export function withSearch(recent: readonly string[], query: string): readonly string[] {
  const text = query.trim();
  if (text === '') return recent;
  const [last, ...older] = recent;
  const others = last !== undefined && text.startsWith(last) ? older : recent;
  return [text, ...others.filter((each) => each !== text)].slice(0, MOST);
}
