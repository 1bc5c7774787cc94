import { useState } from 'react';

import { Segmented } from '../widgets/Segmented.tsx';
import { chooseFiles } from './opened/choose-files.ts';

type Language = 'python' | 'node' | 'java' | 'go' | 'ruby' | 'php' | 'dotnet' | 'file';

const LANGUAGES: readonly { readonly value: Language; readonly label: string }[] = [
  { value: 'python', label: 'Python' },
  { value: 'node', label: 'Node.js' },
  { value: 'java', label: 'Java' },
  { value: 'go', label: 'Go' },
  { value: 'ruby', label: 'Ruby' },
  { value: 'php', label: 'PHP' },
  { value: 'dotnet', label: '.NET' },
  { value: 'file', label: 'A file' },
];

/** The lines to run, with the address of this server where it is not the one that every SDK tries anyway. */
function commands(language: Language, agentUrl: string): string {
  const common = `export DD_TRACE_AGENT_URL=${agentUrl}
export DD_PROFILING_ENABLED=true
export DD_SERVICE=my-web-app DD_ENV=prod DD_VERSION=1.0.3
`;
  switch (language) {
    case 'python':
      return `pip install ddtrace\n${common}ddtrace-run python app.py`;
    case 'node':
      return `npm install dd-trace\n${common}node -r dd-trace/init app.js`;
    case 'java':
      return `curl -Lo dd-java-agent.jar https://dtdg.co/latest-java-tracer\n${common}java -javaagent:dd-java-agent.jar -jar app.jar`;
    case 'go':
      return `go get github.com/DataDog/dd-trace-go/v2/profiler
# in main():  profiler.Start(); defer profiler.Stop()
${common}go run .`;
    case 'ruby':
      return `bundle add datadog\n${common}bundle exec ddprofrb exec ruby app.rb`;
    case 'php':
      return `curl -LO https://github.com/DataDog/dd-trace-php/releases/latest/download/datadog-setup.php
php datadog-setup.php --php-bin=all --enable-profiling
${common}php app.php`;
    case 'dotnet':
      return `# with the .NET tracer installed
${common}export CORECLR_ENABLE_PROFILING=1
dotnet app.dll`;
    case 'file':
      return `vesta import cpu.pprof --service my-web-app`;
  }
}

export function Onboarding() {
  const [language, setLanguage] = useState<Language>('python');
  const agentUrl = `http://${location.hostname}:8126`;
  return (
    <section className="onboarding">
      <h2>Waiting for the first profile</h2>
      <p className="muted">
        Vesta speaks the protocol of the Datadog SDKs. Start your service with one of them and point it here.
        This page turns into your data by itself, about a minute later.
      </p>
      <Segmented label="Language" value={language} options={LANGUAGES} onChange={setLanguage} />
      {/* Scrollable regions must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>{commands(language, agentUrl)}</pre>
      <p className="muted">
        Or look at a file first: drop one on this page, or{' '}
        <button type="button" className="text-button" onClick={() => chooseFiles()}>
          open a file
        </button>
        . It is not stored unless you ask for it.
      </p>
      <p className="muted">
        <span className="live-dot" data-on="true" /> Looking for uploads every 5 seconds
      </p>
    </section>
  );
}
