/** What colors and patterns mean: said in words, at both ends. */
export function ChangeLegend() {
  return (
    <ul className="change-legend" aria-label="Colors">
      <li>
        <span className="swatch" data-change="only-a" />
        only in A
      </li>
      <li className="change-scale">
        ▼ less
        <span>
          {['less-4', 'less-3', 'less-2', 'less-1', 'same', 'more-1', 'more-2', 'more-3', 'more-4'].map(
            (change) => (
              <span key={change} className="swatch" data-change={change} title={TITLES[change]} />
            ),
          )}
        </span>
        more ▲
      </li>
      <li>
        <span className="swatch" data-change="only-b" />
        only in B
      </li>
      <li>
        <span className="swatch" data-change="same" />
        within noise
      </li>
    </ul>
  );
}

const TITLES: Readonly<Record<string, string>> = {
  'less-4': 'Half or less',
  'less-3': '23% less and beyond',
  'less-2': '9% less and beyond',
  'less-1': '2% less and beyond',
  same: 'Unchanged, or within noise',
  'more-1': '2% more and beyond',
  'more-2': '10% more and beyond',
  'more-3': '30% more and beyond',
  'more-4': 'Twice as much and beyond',
};
