import type { ReactNode } from 'react';

import { apiUrl } from '../../api/client.ts';
import type { ProfileBody } from '../../api/types.ts';
import { formatBytes, formatCompact, formatCount, formatTime, formatValue } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';

/** Everything the upload said about itself. */
export function ProfileDetails({ profile }: { readonly profile: ProfileBody }) {
  const endpoints = Object.entries(profile.endpoint_counts).toSorted(([, left], [, right]) => right - left);
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="details" tabIndex={0} role="region" aria-label="Details">
      <Section title="Value types">
        <Facts
          rows={profile.types.map((type) => [
            type.name,
            <>
              {formatValue(type.total, type.unit)} <span className="muted">{type.description}</span>
            </>,
          ])}
        />
      </Section>
      <Section title="Attachments">
        <ul className="attachments">
          {profile.attachments.map((attachment) => (
            <li key={attachment.filename}>
              <a
                download
                href={apiUrl(
                  `/profiles/${profile.id}/attachments/${encodeURIComponent(attachment.filename)}`,
                )}
              >
                <Icon name="download" />
                {attachment.filename}
              </a>
              <span className="muted">
                {formatBytes(attachment.size)}
                {attachment.encoding && attachment.encoding !== 'plain' && `, ${attachment.encoding}`}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Metrics">
        <Facts
          rows={Object.entries(profile.metrics).map(([name, value]) => [
            name,
            Number.isInteger(value) ? formatCount(value) : formatCompact(value),
          ])}
        />
      </Section>
      <Section title="Endpoint calls">
        <Facts rows={endpoints.map(([endpoint, count]) => [endpoint, formatCount(count)])} />
      </Section>
      <Section title="Tags">
        <Facts rows={[...profile.tags, ...profile.process_tags].map(splitTag)} />
      </Section>
      <Section title="Upload">
        <Facts
          rows={[
            ['Id', profile.id],
            ['Received', formatTime(profile.received_ms)],
            ['Size', formatBytes(profile.upload_bytes)],
            ['Family', profile.family],
            ['Runtime id', profile.runtime_id],
          ]}
        />
      </Section>
      <Section title="Libraries">
        <Facts
          rows={profile.code_provenance.map((library) => [
            library.name,
            `${library.version} ${library.kind}`,
          ])}
        />
      </Section>
      <Section title="Runtime and settings">
        {profile.info !== null && profile.info !== undefined && (
          <pre>{JSON.stringify(profile.info, null, 2)}</pre>
        )}
      </Section>
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  if (rows.length === 0) return <p className="muted">None came with this upload.</p>;
  return (
    <dl className="facts">
      {rows.map(([name, value], index) => (
        // The same tag may come more than once.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={`${name}-${index}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function splitTag(tag: string): readonly [string, string] {
  const colon = tag.indexOf(':');
  return colon < 0 ? [tag, ''] : [tag.slice(0, colon), tag.slice(colon + 1)];
}
