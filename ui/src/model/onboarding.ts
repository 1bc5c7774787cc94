/** The exact lines that make a service send its profiles here. */

export const LANGUAGES = [
  ['python', 'Python'],
  ['node', 'Node.js'],
  ['java', 'Java'],
  ['go', 'Go'],
  ['ruby', 'Ruby'],
  ['php', 'PHP'],
  ['dotnet', '.NET'],
  ['native', 'C, C++, Rust'],
  ['file', 'A file'],
] as const;
export type Language = (typeof LANGUAGES)[number][0];
/** Where the service runs: as a process, or in a container. */
export type Place = 'host' | 'docker';

export interface Step {
  readonly title: string;
  readonly code: string;
  readonly note?: string;
}

export interface Server {
  /** Where this page is. Uploads go to the same address. */
  readonly origin: string;
  readonly needsToken: boolean;
}

/** Stands for what `vesta token create` prints. */
export const TOKEN = 'API_KEY';
const SOCKET = '/run/vesta/sdk.sock';
const NAMES: readonly (readonly [string, string])[] = [
  ['DD_SERVICE', 'my-service'],
  ['DD_ENV', 'prod'],
  ['DD_VERSION', '1.0.0'],
];

interface Recipe {
  readonly install: string;
  /** In an image, where it differs. */
  readonly dockerfile?: string;
  readonly run: string;
  readonly env?: readonly (readonly [string, string])[];
  /** How the library presents a token; without it, it cannot. */
  readonly withToken?: (server: Server) => readonly (readonly [string, string])[];
  readonly note?: string;
}

const RECIPES: Record<Exclude<Language, 'file'>, Recipe> = {
  python: {
    install: 'pip install ddtrace',
    run: 'ddtrace-run python app.py',
  },
  node: {
    install: 'npm install dd-trace',
    run: 'node --require dd-trace/init app.js',
    note: 'Before Node.js 22, install dd-trace@5. The first upload comes after 65 seconds.',
  },
  java: {
    install: 'curl -Lo dd-java-agent.jar https://dtdg.co/latest-java-tracer',
    dockerfile: 'ADD https://dtdg.co/latest-java-tracer dd-java-agent.jar',
    run: 'java -javaagent:dd-java-agent.jar -jar app.jar',
    withToken: ({ origin }) => [
      ['DD_PROFILING_AGENTLESS', 'true'],
      ['DD_PROFILING_URL', `${origin}/api/v2/profile`],
      ['DD_API_KEY', TOKEN],
    ],
  },
  go: {
    install: `go get github.com/DataDog/dd-trace-go/v2/profiler

// in main.go
import "github.com/DataDog/dd-trace-go/v2/profiler"

func main() {
	if err := profiler.Start(
		profiler.WithProfileTypes(profiler.CPUProfile, profiler.HeapProfile),
	); err != nil {
		log.Print(err)
	}
	defer profiler.Stop()`,
    run: './app',
    withToken: () => [['DD_API_KEY', TOKEN]],
    note: 'Add profiler.BlockProfile, profiler.MutexProfile and profiler.GoroutineProfile for more.',
  },
  ruby: {
    install: 'bundle add datadog',
    run: 'bundle exec ddprofrb exec ruby app.rb',
  },
  php: {
    install: `curl -LO https://github.com/DataDog/dd-trace-php/releases/latest/download/datadog-setup.php
php datadog-setup.php --php-bin=all --enable-profiling`,
    run: 'php app.php',
    note: 'With FPM or Apache, set the variables there: FPM passes them on with env[DD_SERVICE] = $DD_SERVICE.',
  },
  dotnet: {
    install: `# unpack a release of https://github.com/DataDog/dd-trace-dotnet
mkdir -p /opt/datadog && tar -C /opt/datadog -xzf datadog-dotnet-apm-*.tar.gz`,
    run: 'dotnet app.dll',
    env: [
      ['CORECLR_ENABLE_PROFILING', '1'],
      ['CORECLR_PROFILER', '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}'],
      ['CORECLR_PROFILER_PATH', '/opt/datadog/Datadog.Trace.ClrProfiler.Native.so'],
      ['DD_DOTNET_TRACER_HOME', '/opt/datadog'],
      ['LD_PRELOAD', '/opt/datadog/continuousprofiler/Datadog.Linux.ApiWrapper.x64.so'],
    ],
  },
  native: {
    install: `# the profiler is a command of vesta itself
cp vesta /usr/local/bin/`,
    dockerfile: 'COPY vesta /usr/local/bin/vesta',
    run: 'vesta run ./app',
    withToken: () => [['DD_API_KEY', TOKEN]],
    note: 'Needs no root: kernel.perf_event_paranoid of 2 or less is enough, in a container also a seccomp profile that allows perf_event_open. Add --preset all for waits, locks and the live heap. A stripped program gets names with vesta symbols upload.',
  },
};

export function stepsFor(language: Language, place: Place, server: Server): Step[] {
  return language === 'file' ? fileSteps(server) : serviceSteps(RECIPES[language], place, server);
}

/** Why the lines alone are not enough, if they are not. */
export function tokenNote(language: Language, place: Place, server: Server): string | undefined {
  if (!server.needsToken || language === 'file' || usesSocket(place, server)) return undefined;
  return RECIPES[language].withToken
    ? undefined
    : 'This library cannot send a token. Run Vesta on the same machine with --sdk-socket and give the library DD_TRACE_AGENT_URL=unix:///run/vesta/sdk.sock, or switch tokens off with --no-auth where the network is trusted.';
}

function serviceSteps(recipe: Recipe, place: Place, server: Server): Step[] {
  const bySocket = usesSocket(place, server);
  const token = server.needsToken && !bySocket ? recipe.withToken?.(server) : undefined;
  const address = bySocket ? `unix://${SOCKET}` : server.origin;
  const env: (readonly [string, string])[] = [
    ['DD_TRACE_AGENT_URL', address],
    ...(token ?? []),
    ['DD_PROFILING_ENABLED', 'true'],
    ...NAMES,
    ...(recipe.env ?? []),
  ];
  const steps: Step[] = [];
  if (token) {
    steps.push({
      title: 'Make a token',
      code: 'vesta token create --scope write',
      note: `Put the API key that it prints in the place of ${TOKEN}.`,
    });
  }
  if (bySocket) {
    steps.push({
      title: 'Let containers in',
      code: `vesta server --sdk-socket ${SOCKET}`,
      note: 'A container does not reach localhost of its host. A socket does, and asks for no token.',
    });
  }
  if (place === 'docker') {
    steps.push(
      { title: 'In the image', code: recipe.dockerfile ?? recipe.install },
      { title: 'Run it', code: dockerRun(env, recipe.run, bySocket), ...noteOf(recipe) },
    );
  } else {
    steps.push(
      { title: 'Install the profiler', code: recipe.install },
      { title: 'Run it', code: `${exported(env)}\n${recipe.run}`, ...noteOf(recipe) },
    );
  }
  return steps;
}

function fileSteps({ origin, needsToken }: Server): Step[] {
  const flags = `--server ${origin}${needsToken ? ' --token TOKEN' : ''}`;
  return [
    {
      title: 'Look at a file',
      code: 'vesta view cpu.pprof',
      note: 'Opens this page on it. Nothing is stored.',
    },
    {
      title: 'Keep files here',
      code: `vesta import cpu.pprof --service my-service ${flags}`,
      note: 'Takes pprof, JFR, OTLP, execution traces of Go, speedscope, .cpuprofile, Chrome traces, perf script, collapsed stacks and captured uploads, compressed or not. Its time is that of the file: look at a longer range than the past hour.',
    },
  ];
}

/** A container reaches no address of the loopback interface of its host. */
function usesSocket(place: Place, { origin }: Server): boolean {
  return place === 'docker' && isLoopback(new URL(origin).hostname);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host.startsWith('127.');
}

function exported(env: readonly (readonly [string, string])[]): string {
  return env.map(([name, value]) => `export ${name}=${quoted(value)}`).join('\n');
}

function dockerRun(env: readonly (readonly [string, string])[], run: string, bySocket: boolean): string {
  return [
    'docker run',
    ...(bySocket ? ['-v /run/vesta:/run/vesta'] : []),
    ...env.map(([name, value]) => `-e ${name}=${quoted(value)}`),
    `my-image ${run}`,
  ].join(' \\\n  ');
}

function quoted(value: string): string {
  return /^[\w./:@+-]*$/.test(value) ? value : `'${value}'`;
}

function noteOf({ note }: Recipe): Pick<Step, 'note'> {
  return note === undefined ? {} : { note };
}
