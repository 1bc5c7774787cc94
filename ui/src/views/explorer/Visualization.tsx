import { lazy, Suspense, type ReactNode } from 'react';

import type { Scope } from '../../api/queries.ts';
import type { ExplorerTab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Skeleton } from '../../widgets/State.tsx';
import { FlamePane } from '../pane/FlamePane.tsx';

// Each of the others comes when it is first looked at.
const ProfilesTable = lazy(async () => {
  const { ProfilesTable: component } = await import('./ProfilesTable.tsx');
  return { default: component };
});
const SeriesView = lazy(async () => {
  const { SeriesView: component } = await import('./SeriesView.tsx');
  return { default: component };
});

const CallGraphPane = lazy(async () => ({
  default: (await import('../call-graph/CallGraphPane.tsx')).CallGraphPane,
}));

const TimelinePane = lazy(async () => {
  const { TimelinePane: component } = await import('../timeline/TimelinePane.tsx');
  return { default: component };
});

const TopList = lazy(async () => {
  const { TopList: component } = await import('./TopList.tsx');
  return { default: component };
});

const TableView = lazy(async () => {
  const { TableView: component } = await import('./TableView.tsx');
  return { default: component };
});

interface VisualizationProps {
  readonly tab: ExplorerTab;
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  /** Shown when there is nothing at all in scope. */
  readonly whenEmpty: ReactNode;
}

/** The scope as the tab shows it. */
export function Visualization(props: VisualizationProps) {
  return (
    <Suspense fallback={<Skeleton lines={14} label="Loading" />}>
      <Shown {...props} />
    </Suspense>
  );
}

function Shown({ tab, scope, state, update, whenEmpty }: VisualizationProps) {
  const common = { scope, state, update };
  switch (tab) {
    case 'series':
      return <SeriesView {...common} />;
    case 'graph':
      return <CallGraphPane {...common} whenEmpty={whenEmpty} />;
    case 'top':
      return <TopList {...common} whenEmpty={whenEmpty} />;
    case 'table':
      return <TableView {...common} whenEmpty={whenEmpty} />;
    case 'timeline':
      return <TimelinePane {...common} />;
    case 'profiles':
      return <ProfilesTable {...common} whenEmpty={whenEmpty} />;
    default:
      return <FlamePane {...common} whenEmpty={whenEmpty} />;
  }
}
