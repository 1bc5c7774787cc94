import { useEffect, useState } from 'react';

import { apiUrl } from '../../api/client.ts';
import { sampleParams, type SampleQuestion, type Scope } from '../../api/queries.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

export function ExportMenu(props: { readonly scope: Scope; readonly question: SampleQuestion }) {
  const { scope, question } = props;
  const formats = [
    ['pprof', 'pprof', 'for go tool pprof, speedscope, Perfetto'],
    ['collapsed', 'Collapsed stacks', 'one line per stack'],
    ['svg', 'SVG', 'a flame graph to show elsewhere'],
    ['json', 'JSON', 'as the API answers'],
  ] as const;
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <Popover
      label="Share and download"
      className="icon-button bordered"
      align="end"
      trigger={<Icon name="download" />}
    >
      {() => (
        <ul className="type-menu">
          <li>
            <button
              type="button"
              className="menu-item"
              onClick={() => {
                navigator.clipboard.writeText(location.href).then(
                  () => setCopied(true),
                  () => setCopied(false),
                );
              }}
            >
              <span className="strong">{isCopied ? 'Copied' : 'Copy link'}</span>
              <span className="muted">everything shown is in it</span>
            </button>
          </li>
          {formats.map(([format, name, text]) => (
            <li key={format}>
              <a
                className="menu-item"
                download
                href={apiUrl('/export', [...scope.params, ...sampleParams(question), ['format', format]])}
              >
                <span className="strong">{name}</span>
                <span className="muted">{text}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
