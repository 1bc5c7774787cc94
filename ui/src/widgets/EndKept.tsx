/** As much of its end as stays, in characters. */
const KEPT_END = 18;

/**
 * A name that is cut off in the middle where there is no room for it: the ends of qualified names say which function it is, and
 * the starts are often the same.
 */
export function EndKept({ text, end = KEPT_END }: { readonly text: string; readonly end?: number }) {
  // A short start would leave an ellipsis in the place of a few characters.
  const cut = text.length > end * 1.5 ? text.length - end : text.length;
  return (
    <span className="end-kept">
      <span>{text.slice(0, cut)}</span>
      {cut < text.length && <span>{text.slice(cut)}</span>}
    </span>
  );
}
