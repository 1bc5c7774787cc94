import { useEffect, useMemo } from 'react';

import { sidesOf, swapped, withSide } from '../../model/compare-scopes.ts';
import { DEFAULTS, encodeUrl, type Side, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';
import './compare.css';
import { CompareChart } from './CompareChart.tsx';
import { ComparePane } from './ComparePane.tsx';
import { SideEditor } from './SideEditor.tsx';

interface ComparePageProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly actions: AppActions;
}

/** Two sides, what they look like over time, and what is different between them. */
export function ComparePage({ state, update, actions }: ComparePageProps) {
  // As of the last change of the sides: a clock that goes on would ask for other ranges all the time.
  const nowMs = useMemo(
    () => Date.now(),
    // eslint-disable-next-line react/exhaustive-deps
    [state.a, state.b],
  );
  const { a, b } = useMemo(() => sidesOf(state, nowMs), [state, nowMs]);
  useEffect(() => {
    document.title = 'Compare · Vesta';
  }, []);

  const setSide = (name: 'a' | 'b', patch: Partial<Side>): void =>
    update(withSide(state, name, patch, nowMs));
  const back: Partial<ViewState> = {
    page: b.profile ? 'profile' : 'explorer',
    profile: b.profile,
    source: b.source,
    link: b.link,
    query: b.query,
    ...(b.from && { from: b.from, to: b.to }),
    filters: [...new Set([...state.filters, ...b.filters])],
    a: DEFAULTS.a,
    b: DEFAULTS.b,
    zoom: [],
    expanded: [],
  };
  return (
    <div className="page">
      <TopBar actions={actions}>
        <a
          className="back-link"
          href={encodeUrl({ ...state, ...back })}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            update(back);
          }}
        >
          <Icon name="chevron-left" />B alone
        </a>
        <h1 className="compare-title">Compare</h1>
        <span className="top-bar-space" />
      </TopBar>
      <main className="compare">
        <div className="compare-sides">
          <SideEditor name="a" side={a} other={b} nowMs={nowMs} onSide={(patch) => setSide('a', patch)} />
          <button
            type="button"
            className="icon-button bordered compare-swap"
            aria-label="Swap the sides"
            title="Swap the sides"
            onClick={() => update(swapped(state, nowMs))}
          >
            <Icon name="swap" />
          </button>
          <SideEditor name="b" side={b} other={a} nowMs={nowMs} onSide={(patch) => setSide('b', patch)} />
        </div>
        <CompareChart
          a={a}
          b={b}
          nowMs={nowMs}
          measure={state.measure}
          onMeasure={(measure) => update({ measure })}
          onRange={setSide}
        />
        <section className="card compare-card" aria-label="Comparison">
          <ComparePane state={state} update={update} a={a} b={b} nowMs={nowMs} onSide={setSide} />
        </section>
      </main>
    </div>
  );
}
