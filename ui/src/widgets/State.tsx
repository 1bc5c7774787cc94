import type { ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { Icon } from './Icon.tsx';

/** Says why there is nothing to see, and what to do about it. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ApiError ? error.hint : undefined;
  const isMistake = error instanceof ApiError && error.status === 400;
  const status = error instanceof ApiError && error.status > 0 ? error.status : undefined;
  return (
    <div className="state state-error" role="alert">
      <h2>
        <Icon name="warning" /> {isMistake ? 'The question cannot be read' : 'That did not work'}
      </h2>
      <p>
        {text}
        {status !== undefined && !isMistake && <span className="muted"> (status {status})</span>}
      </p>
      {hint && <p className="muted">{hint}</p>}
      {!isMistake && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Skeleton({ lines = 6, label }: { readonly lines?: number; readonly label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} style={{ width: `${[92, 74, 83, 58, 66, 41, 77, 49][line % 8] ?? 60}%` }} />
      ))}
    </div>
  );
}

/** The same for a flame graph: rows that get narrower. */
export function FlameSkeleton() {
  return (
    <div className="skeleton skeleton-flame" role="status" aria-label="Loading the flame graph">
      {[100, 97, 97, 88, 88, 81, 62, 62, 44, 31, 31, 18, 9].map((width, row) => (
        <div key={row} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** Shown over an earlier answer while the next one is under way. */
export function Busy({ isBusy }: { readonly isBusy: boolean }) {
  return <div className="busy" data-busy={isBusy} aria-hidden="true" />;
}
