import { useState } from 'react';

import { useRetention, useSetRetention, useStatus } from '../api/queries.ts';
import type { Retention, StatusBody } from '../api/types.ts';
import { formatAgo, formatBytes, formatCount, formatTime } from '../model/format.ts';
import { useTheme, type Theme } from '../state/theme.ts';
import { useNow } from '../state/use-now.ts';
import { Dialog } from '../widgets/Dialog.tsx';
import { Segmented } from '../widgets/Segmented.tsx';
import { ErrorState, Skeleton } from '../widgets/State.tsx';
import './dialogs.css';

const DAY_SECONDS = 86_400;
const GIB = 1024 ** 3;

export function Settings({
  mayChange,
  onClose,
}: {
  readonly mayChange: boolean;
  readonly onClose: () => void;
}) {
  const [theme, setTheme] = useTheme();
  const status = useStatus(true, 5000);
  const retention = useRetention();
  return (
    <Dialog title="Settings" onClose={onClose}>
      <section className="settings-section">
        <h3>Theme</h3>
        <Segmented<Theme>
          label="Theme"
          value={theme}
          options={[
            { value: 'system', label: 'System' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={setTheme}
        />
      </section>
      <section className="settings-section">
        <h3>How long profiles are kept</h3>
        {retention.isPending && <Skeleton lines={3} label="Loading settings" />}
        {retention.isError && <ErrorState error={retention.error} onRetry={() => void retention.refetch()} />}
        {retention.data && <RetentionForm current={retention.data} mayChange={mayChange} />}
      </section>
      <section className="settings-section">
        <h3>Storage</h3>
        {status.isPending && <Skeleton lines={4} label="Loading status" />}
        {status.isError && <ErrorState error={status.error} onRetry={() => void status.refetch()} />}
        {status.data && <Status status={status.data} />}
      </section>
    </Dialog>
  );
}

function RetentionForm({ current, mayChange }: { readonly current: Retention; readonly mayChange: boolean }) {
  const [days, setDays] = useState(String(round(current.max_age_seconds / DAY_SECONDS)));
  const [percent, setPercent] = useState(String(round(current.max_disk_share * 100)));
  const [gib, setGib] = useState(current.max_bytes === null ? '' : String(round(current.max_bytes / GIB)));
  const save = useSetRetention();
  const wanted: Retention = {
    max_age_seconds: Math.round(Number(days) * DAY_SECONDS),
    max_disk_share: Number(percent) / 100,
    max_bytes: gib.trim() === '' ? null : Math.round(Number(gib) * GIB),
  };
  const isShorter = wanted.max_age_seconds < current.max_age_seconds;
  return (
    <form
      className="retention"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(wanted);
      }}
    >
      <fieldset disabled={!mayChange || save.isPending}>
        <label>
          <span>Days</span>
          <input
            type="number"
            min="0.04"
            step="any"
            required
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        </label>
        <label>
          <span>At most this share of the disk, %</span>
          <input
            type="number"
            min="1"
            max="95"
            step="any"
            required
            value={percent}
            onChange={(event) => setPercent(event.target.value)}
          />
        </label>
        <label>
          <span>At most this much, GiB</span>
          <input
            type="number"
            min="0.01"
            step="any"
            placeholder="no limit"
            value={gib}
            onChange={(event) => setGib(event.target.value)}
          />
        </label>
        <button type="submit" className="button primary">
          {save.isPending ? 'Saving…' : 'Save'}
        </button>
      </fieldset>
      <p className="muted" role="status">
        {mayChange
          ? save.isSuccess
            ? 'Saved.'
            : 'The oldest profiles go first, as soon as one of the limits is reached.'
          : 'Changing this needs a token with the admin scope.'}
      </p>
      {isShorter && mayChange && !save.isSuccess && (
        <p className="warning-text">Profiles older than {days} days will be deleted for good.</p>
      )}
      {save.isError && (
        <p className="error-text" role="alert">
          {save.error.message}
        </p>
      )}
    </form>
  );
}

function Status({ status }: { readonly status: StatusBody }) {
  const nowMs = useNow();
  const when = (unixMs: number | null): string =>
    unixMs === null ? 'none yet' : `${formatTime(unixMs)}, ${formatAgo(unixMs, nowMs)}`;
  const rows: (readonly [string, string])[] = [
    ['Profiles', formatCount(status.profiles)],
    ['Oldest', when(status.oldest_ms)],
    ['Newest', when(status.newest_ms)],
    ['Uploads as received', formatBytes(status.log_bytes)],
    ['Tables', formatBytes(status.table_bytes)],
    ['Rows not yet in tables', formatCount(status.memory_rows)],
    [
      'Used of the limit',
      `${formatBytes(status.log_bytes + status.table_bytes)} of ${formatBytes(status.disk_limit_bytes)}`,
    ],
    ['Disk free', `${formatBytes(status.disk_free_bytes)} of ${formatBytes(status.disk_total_bytes)}`],
    ['Vesta', status.version],
  ];
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
