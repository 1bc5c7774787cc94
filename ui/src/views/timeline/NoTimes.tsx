import { useFacetValues, type Scope } from '../../api/queries.ts';
import { plural } from '../../model/format.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EmptyState } from '../../widgets/State.tsx';

interface Advice {
  readonly text: string;
  /** What to switch on, where that is all it takes. */
  readonly lines?: string;
}

/** What makes a profiling library send when each sample was taken. */
function adviceFor(language: string): Advice | undefined {
  switch (language) {
    case 'python':
      return {
        text: 'The profiler of Python sends times with ddtrace 2.12 or newer and this switch:',
        lines: 'export DD_PROFILING_TIMELINE_ENABLED=true',
      };
    case 'node':
    case 'nodejs':
    case 'javascript':
      return {
        text: 'The profiler of Node.js sends times with dd-trace 5.11 or newer and this switch:',
        lines: 'export DD_PROFILING_TIMELINE_ENABLED=true',
      };
    case 'php':
      return {
        text: 'The profiler of PHP sends times from version 0.98 on with this switch:',
        lines: 'export DD_PROFILING_TIMELINE_ENABLED=1',
      };
    case 'go':
      return {
        text: 'Go takes samples without times. What happened when is in its execution traces, which are part of the first profile of a process and then of one every 15 minutes, on average. With these settings there is one in every minute:',
        lines:
          'export DD_PROFILING_EXECUTION_TRACE_ENABLED=true\nexport DD_PROFILING_EXECUTION_TRACE_PERIOD=1m',
      };
    case 'ruby':
      return { text: 'The profiler of Ruby sends times by itself from version 1.21.1 on.' };
    case 'dotnet':
      return { text: 'The profiler of .NET sends times by itself from version 2.30 on.' };
    default:
      return undefined;
  }
}

export function NoTimes(props: { readonly samples: number; readonly scope: Scope; readonly update: Update }) {
  const languages = useFacetValues(props.scope, 'language', '', true).data?.facets[0]?.values;
  const advice = adviceFor(languages?.[0]?.toLowerCase() ?? '');
  return (
    <EmptyState title="These samples do not say when they were taken">
      <p className="muted">
        {plural(props.samples, 'sample')} came without a time, so there is nothing to put on a time axis.{' '}
        {advice?.text ??
          'Files of pprof, collapsed stacks and heap profiles seldom have times; .cpuprofile, speedscope, Chrome traces and perf script do, and the profiling libraries of Datadog send them where the language allows it.'}
      </p>
      {advice?.lines && <pre className="advice">{advice.lines}</pre>}
      <button type="button" className="button" onClick={() => props.update({ tab: 'flame' })}>
        Show the flame graph
      </button>
    </EmptyState>
  );
}
