//! `vesta run`, `vesta attach` and `vesta top --live`: native programs under the profiler, and as if they were not.

use crate::command::{shown, stdout, vesta};
use crate::copies::copy_program;
use crate::server::{Server, send_signal};
use crate::skip::skip;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;
use vesta_formats::{Limits, decode_file};
use vesta_profile::{FlameTree, FunctionTable, Granularity, Profile, TopBy, top};

/// Spends most of its time in `hot`, some in `warm`, and says when it has begun. `forever` as an argument keeps it at that.
const BUSY: &str = "
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) long hot(long n) { volatile long x = 0; for (long i = 0; i < n; i++) x += i; return x; }
__attribute__((noinline)) long warm(long n) { volatile long x = 0; for (long i = 0; i < n; i++) x ^= i; return x; }
int main(int argc, char **argv) {
  puts(\"begun\");
  fflush(stdout);
  long x = 0;
  do {
    for (int i = 0; i < 200; i++) x += hot(6000000) + warm(1000000);
  } while (argc > 1);
  return x == 42;
}
";

/// A folder with the programs, compiled once.
fn programs() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("busy.c");
        fs::write(&source, BUSY).unwrap();
        let program = folder.path().join("busy");
        let compiled = Command::new("cc").arg("-g").arg(&source).arg("-o").arg(&program).output().unwrap();
        assert!(compiled.status.success(), "{}", shown(&compiled));
        // Other users run it as well.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        folder
    });
    folder.path()
}

fn busy() -> PathBuf {
    programs().join("busy")
}

/// `vesta` with nothing of Datadog's and of OpenTelemetry's in its environment.
fn profiler() -> Command {
    let mut command = vesta();
    let is_theirs = |name: &str| name.starts_with("DD_") || name.starts_with("OTEL_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_theirs(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

/// `vesta run` that sends nothing.
fn run(flags: &[&str], command: &[&str]) -> Command {
    let mut run = profiler();
    run.arg("run").args(["--do-export", "0"]).args(flags).arg("--").args(command);
    run
}

/// The part of the CPU time that was spent in a function and what it called.
fn share(profile: &Profile, function: &str) -> f64 {
    let index = profile.value_type_index("cpu-time").unwrap_or(0);
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let rows = profile.samples.stacks.iter().copied().zip(profile.samples.values[index].iter().copied());
    let tree = FlameTree::from_stacks(&functions, &profile.stacks, rows);
    let rows = top(&tree, &functions, TopBy::Name);
    let row = rows.iter().find(|row| functions.name(row.function) == function);
    row.map_or(0.0, |row| row.total as f64 / tree.total() as f64)
}

fn read(file: &Path) -> Profile {
    let bytes = fs::read(file).unwrap();
    decode_file(&file.display().to_string(), &bytes, &Limits::default()).unwrap().profile
}

#[track_caller]
fn assert_hot(profile: &Profile) {
    let (hot, warm) = (share(profile, "hot"), share(profile, "warm"));
    assert!(hot > 0.75 && warm > 0.03 && hot + warm > 0.9, "hot {hot}, warm {warm}");
}

/// Both ways of running a command: becoming it, and waiting for it to write a file.
fn both_ways(folder: &TempDir) -> [Vec<String>; 2] {
    [vec![], vec!["-o".to_owned(), folder.path().join("x.pb.gz").display().to_string()]]
}

fn flags(way: &[String]) -> Vec<&str> {
    way.iter().map(String::as_str).collect()
}

#[test]
fn a_command_ends_under_the_profiler_as_it_ends_without() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    for way in both_ways(&folder) {
        for code in [0, 1, 7, 255] {
            let output =
                run(&flags(&way), &["sh", "-c", &format!("echo out; echo err >&2; exit {code}")]).output();
            let output = output.unwrap();
            assert_eq!(output.status.code(), Some(code), "{way:?} {}", shown(&output));
            assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        }
        for signal in [libc_signal("TERM"), libc_signal("KILL"), libc_signal("SEGV")] {
            let output = run(&flags(&way), &["sh", "-c", &format!("kill -{signal} $$")]).output().unwrap();
            assert_eq!(output.status.signal(), Some(signal), "{way:?} {}", shown(&output));
        }
    }
}

fn libc_signal(name: &str) -> i32 {
    match name {
        "TERM" => 15,
        "KILL" => 9,
        _ => 11,
    }
}

#[test]
fn a_command_that_is_not_there_ends_as_a_shell_says() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "no program").unwrap();
    for way in both_ways(&folder) {
        let missing = run(&flags(&way), &["there-is-no-such-command"]).output().unwrap();
        assert_eq!(missing.status.code(), Some(127), "{}", shown(&missing));
        assert!(
            shown(&missing).contains("vesta: there-is-no-such-command: command not found"),
            "{}",
            shown(&missing)
        );
        let refused = run(&flags(&way), &[file.to_str().unwrap()]).output().unwrap();
        assert_eq!(refused.status.code(), Some(126), "{}", shown(&refused));
    }
    let nothing = run(&[], &[]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2), "{}", shown(&nothing));
}

/// What a process can see of itself: environment, arguments, folder, limits, signals, descriptors, parent.
const LOOK: &str = "env | sort; pwd; umask; ulimit -n; grep '^Sig[BIC]' /proc/self/status; ls /proc/self/fd; \
                    cut -d' ' -f5,6 /proc/self/stat; cat /proc/$$/cmdline | tr '\\0' ' '";

#[test]
fn a_command_finds_everything_as_it_is_without_the_profiler() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let look = |command: &mut Command| {
        command.current_dir("/usr").env("SOME", "thing \"quoted\"\nwith lines").env("EMPTY", "");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    // Set up in the same way, down to how the standard library starts it.
    let mut plain = Command::new("/bin/sh");
    for (name, value) in profiler().get_envs() {
        match value {
            Some(value) => plain.env(name, value),
            None => plain.env_remove(name),
        };
    }
    let plain = look(plain.args(["-c", LOOK]).stdin(Stdio::null()));
    for way in both_ways(&folder) {
        let mut flags = flags(&way);
        flags.extend(["--preset", "cpu_only"]);
        let profiled = look(&mut run(&flags, &["/bin/sh", "-c", LOOK]));
        assert_eq!(profiled, plain, "{way:?}");
    }
}

#[test]
fn the_process_that_was_started_becomes_the_command() {
    let _turn = crate::turns::of_one();
    let child =
        run(&[], &["sh", "-c", "echo $$; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    // No child that it does not know: the profiler is somebody else's.
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap_or_default();
    assert_eq!(children, "");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn signals_reach_a_command_that_is_waited_for_and_it_stops_and_continues_with_its_parent() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.pb.gz");
    let script = "trap 'echo got; exit 3' TERM; echo $$; while :; do sleep 0.01; done";
    let child = run(&["-o", file.to_str().unwrap()], &["sh", "-c", script]).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let command = lines.next().unwrap().unwrap();
    let state = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    };
    let until = |pid: &str, wanted: &dyn Fn(char) -> bool| while !wanted(state(pid)) {};
    let parent = child.id().to_string();
    // Stopping the command stops its parent, for the shell to see; continuing the parent continues the command.
    send(&command, "STOP");
    until(&parent, &|state| state == 'T');
    send(&parent, "CONT");
    until(&command, &|state| state != 'T');
    until(&parent, &|state| state != 'T');
    send(&parent, "TERM");
    assert_eq!(lines.next().unwrap().unwrap(), "got");
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(file.exists(), "the file is complete when the command returns");
}

fn send(pid: &str, signal: &str) {
    assert!(Command::new("kill").args([&format!("-{signal}"), pid]).status().unwrap().success());
}

#[test]
fn a_file_holds_the_profile_in_the_format_of_its_name() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let file = folder.path().join(name);
        let busy = busy();
        let flags = ["-o", file.to_str().unwrap(), "--event", "sCPU freq=499"];
        let output = run(&flags, &[busy.to_str().unwrap()]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
        file
    };
    for name in ["busy.pb.gz", "busy.pprof", "busy.folded", "busy.txt"] {
        assert_hot(&read(&write(name)));
    }
    let svg = fs::read_to_string(write("busy.svg")).unwrap();
    assert!(svg.contains("<svg") && svg.contains("hot"), "{}", &svg[..200.min(svg.len())]);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "nothing but the files: {left:?}");

    let pprof = folder.path().join("busy.pb.gz");
    let top = stdout(&["top", "--json", pprof.to_str().unwrap()]);
    let top: serde_json::Value = serde_json::from_str(&top).unwrap();
    assert_eq!((&top["type"], &top["functions"][0]["name"]), (&"cpu-time".into(), &"hot".into()), "{top:#}");
}

#[test]
fn a_file_that_cannot_be_written_does_not_change_how_the_command_ends() {
    let _turn = crate::turns::of_one();
    let output = run(&["-o", "/there/is/no/folder"], &["sh", "-c", "exit 5"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", shown(&output));
    assert!(shown(&output).contains("cannot write /there/is/no/folder"), "{}", shown(&output));
}

#[test]
fn profiles_arrive_at_a_server_with_the_hot_function_on_top() {
    let _turn = crate::turns::of_one();
    let server = Server::start(&[]);
    let mut command = profiler();
    command.args([
        "run",
        "-S",
        "busy-shop",
        "-E",
        "prod",
        "-V",
        "1.2",
        "-T",
        "team:native",
        "-U",
        &server.intake,
    ]);
    let output = command.arg(busy()).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "begun\n");
    let profile = arrived(&server, "service:busy-shop team:native");
    assert_eq!((&profile["env"], &profile["version"]), (&"prod".into(), &"1.2".into()), "{profile:#}");
    assert_eq!(profile["language"], "native");
    let top = server.json(&["top", "--json", "--query", "service:busy-shop", "--type", "cpu-time"]);
    assert_eq!(top["functions"][0]["name"], "hot", "{top:#}");
}

#[test]
fn profiles_arrive_as_those_of_opentelemetry_under_the_same_names() {
    let _turn = crate::turns::of_one();
    let server = Server::start(&["--otlp-http-listen", "127.0.0.1:0"]);
    let receiver = server.otlp("HTTP");
    let types = |query: &str| {
        let found = server.get(&format!("/api/v1/types?query={}", query.replace(':', "%3A")));
        let types = found["types"].as_array().unwrap().clone();
        types.into_iter().map(|found| found["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let run = |service: &str, flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = profiler();
        command.args(["run", "--preset", "all"]).args(flags).arg(busy()).envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
        arrived(&server, &format!("service:{service}"))
    };
    let flags = [
        "--protocol",
        "otlp",
        "-S",
        "by-flags",
        "-E",
        "prod",
        "-V",
        "1.2",
        "-T",
        "team:native",
        "-U",
        &receiver,
    ];
    let by_flags = run("by-flags", &flags, &[]);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.as_str()),
        ("OTEL_SERVICE_NAME", "by-variables"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,service.version=1.2,team=native"),
        // Where an agent would be says nothing about a receiver.
        ("DD_TRACE_AGENT_URL", "http://127.0.0.1:1"),
    ];
    let by_variables = run("by-variables", &["--protocol", "otlp"], &variables);
    for (profile, service) in [(by_flags, "by-flags"), (by_variables, "by-variables")] {
        assert_eq!((&profile["env"], &profile["version"]), (&"prod".into(), &"1.2".into()), "{profile:#}");
        assert_eq!(profile["language"], "native");
        let query =
            format!("service:{service} team:native service.name:{service} process.executable.name:busy");
        arrived(&server, &query);
        // Whether it was ever blocked, or its one allocation is taken, is a matter of chance.
        let by_chance = ["off-cpu-time", "alloc-space", "alloc-samples", "heap-space", "heap-live-samples"];
        let mut types = types(&format!("service:{service}"));
        types.retain(|name| !by_chance.contains(&name.as_str()));
        assert_eq!(types, ["cpu-time", "wall-time", "cpu-samples"]);
        let top = server.json(&["top", "--json", "--query", &query, "--type", "cpu-time"]);
        assert_eq!(top["functions"][0]["name"], "hot", "{top:#}");
    }
}

#[test]
fn a_receiver_that_takes_no_profiles_is_named_with_what_to_change() {
    let _turn = crate::turns::of_one();
    let server = Server::start(&[]);
    let mut command = profiler();
    let url = format!("{}/wrong", server.url);
    command.args(["run", "--protocol", "otlp", "--url", &url]).arg(busy());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("takes no profiles (404)") && said.contains("service.profilesSupport"), "{said}");
}

/// Waits for a profile. The profiler stays behind when the command has ended, so asking again is all there is.
#[track_caller]
pub(crate) fn arrived(server: &Server, query: &str) -> serde_json::Value {
    let start = std::time::Instant::now();
    loop {
        let profiles = server.json(&["profiles", "--json", "--query", query]);
        if profiles["total"].as_u64().unwrap() > 0 {
            return profiles["profiles"][0].clone();
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(180), "nothing arrives");
    }
}

#[test]
fn the_profiler_follows_what_the_command_starts_and_stays_until_the_last_has_ended() {
    let _turn = crate::turns::of_one();
    let server = Server::start(&[]);
    let busy = busy();
    let script = format!("({0} > /dev/null) & exec sh -c 'exit 4'", busy.display());
    let mut command = profiler();
    command.args(["run", "--service", "family", "--url", &server.intake, "sh", "-c", &script]);
    assert_eq!(command.status().unwrap().code(), Some(4));
    arrived(&server, "service:family");
    let top = server.json(&["top", "--json", "--query", "service:family", "--type", "cpu-time"]);
    assert_eq!(top["functions"][0]["name"], "hot", "{top:#}");
}

#[test]
fn an_agent_that_is_not_there_harms_nobody_and_is_said_once() {
    let _turn = crate::turns::of_one();
    let busy = busy();
    let mut command = profiler();
    command.args(["run", "--url", "http://127.0.0.1:1", "--upload-period", "5"]).arg(busy);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("cannot send to http://127.0.0.1:1: nothing listens there"), "{said}");
}

#[test]
fn an_ordinary_user_needs_no_privileges() {
    let _turn = crate::turns::of_one();
    let name = "an_ordinary_user_needs_no_privileges";
    if !fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t") {
        skip(name, "only root can become an ordinary user; the other tests of this file ran as one");
        return;
    }
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    if paranoid.trim().parse::<i32>().is_ok_and(|paranoid| paranoid > 2) {
        skip(name, "perf_event_paranoid is above 2");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // The folders above the binary may be closed to others.
    let binary = folder.path().join("vesta");
    copy_program(Path::new(env!("CARGO_BIN_EXE_vesta")), &binary);
    let file = folder.path().join("user.pb.gz");
    let mut command = Command::new(&binary);
    command.uid(65_534).gid(65_534).env("TMPDIR", folder.path()).args([
        "run",
        "--event",
        "sCPU freq=499;sALLOC",
        "-o",
    ]);
    command.arg(&file).arg(busy());
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
    let profile = read(&file);
    assert_hot(&profile);
    assert!(profile.value_type_index("alloc-space").is_some(), "{:?}", profile.value_types);
}

#[test]
fn when_nothing_can_be_profiled_the_command_runs_and_one_line_says_why() {
    let _turn = crate::turns::of_one();
    // No file can be opened: no events, and no ring.
    let mut command = Command::new("sh");
    let vesta = env!("CARGO_BIN_EXE_vesta");
    let script = format!("ulimit -n 4; exec {vesta} run --do-export 0 sh -c 'echo still; exit 6'");
    let output = command.args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", shown(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "still\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.lines().any(|line| line.contains("not profiling")), "{said}");
}

#[test]
fn a_disabled_profiler_is_as_if_it_were_not_there() {
    let _turn = crate::turns::of_one();
    for variable in [("DD_PROFILING_ENABLED", "0"), ("DD_PROFILING_ENABLED", "false")] {
        let mut command = profiler();
        command.args(["run", "-U", "http://127.0.0.1:1", "sh", "-c", "echo $$; exit 9"]);
        let output = command.env(variable.0, variable.1).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(9), 0), "{}", shown(&output));
    }
}

#[test]
fn settings_are_printed_captured_and_explained() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("captured.toml");
    let output = profiler()
        .args(["run", "--show-config", "--service_version", "3", "--capture-config"])
        .arg(&file)
        .env("DD_SERVICE", "web")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("service = \"web\"  # DD_SERVICE\n"), "{printed}");
    assert!(fs::read_to_string(&file).unwrap().contains("service-version = \"3\""));

    assert!(stdout(&["run", "-e", "help"]).contains("sCPU"));
    let short = stdout(&["run", "--help"]);
    assert!(short.contains("--upload-period") && !short.contains("--pipefd"), "{short}");
    assert!(stdout(&["run", "--help-extended"]).contains("--pipefd"));
    let wrong = profiler().args(["run", "--port", "none", "true"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{}", shown(&wrong));
    assert!(shown(&wrong).contains("`none` for --port is no number from 1 to 65535"), "{}", shown(&wrong));
}

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    /// The program, which runs forever and has begun.
    fn start() -> Running {
        let mut child = Command::new(busy()).arg("forever").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Running(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a command and waits until its standard error says this.
fn wait_for_line(command: &mut Command, text: &str) -> (Running, BufReader<std::process::ChildStderr>) {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut all = String::new();
    while !all.contains(text) {
        let before = all.len();
        stderr.read_line(&mut all).unwrap();
        assert!(all.len() > before, "it ends without a word about {text}: {all}");
    }
    (Running(child), stderr)
}

#[test]
fn a_running_process_is_profiled_until_ctrl_c() {
    let _turn = crate::turns::of_one();
    let running = Running::start();
    let server = Server::start(&[]);
    let mut command = profiler();
    command.args([
        "attach",
        "--pid",
        &running.pid(),
        "--url",
        &server.intake,
        "--upload-period",
        "1",
        "-S",
        "attached",
    ]);
    let (mut child, mut stderr) = wait_for_line(&mut command, "Ctrl-C ends it");
    arrived(&server, "service:attached");
    send_signal(&child.0, "INT");
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(child.0.wait().unwrap().success(), "{said}");
    assert!(said.contains("samples") && said.contains("profiles sent"), "{said}");
    let top = server.json(&["top", "--json", "--query", "service:attached", "--type", "cpu-time"]);
    assert_eq!(top["functions"][0]["name"], "hot", "{top:#}");
}

#[test]
fn attaching_ends_when_the_process_does() {
    let _turn = crate::turns::of_one();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attached.pb.gz");
    let running = Running::start();
    let mut command = profiler();
    command.args(["attach", "-p", &running.pid(), "-o"]).arg(&file);
    let (mut child, mut stderr) = wait_for_line(&mut command, "Ctrl-C ends it");
    drop(running);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(child.0.wait().unwrap().success(), "{said}");
    assert!(said.contains(&format!("vesta view {}", file.display())), "{said}");
    read(&file);
}

#[test]
fn attaching_to_what_is_not_there_is_an_error_with_a_hint() {
    let _turn = crate::turns::of_one();
    let output = profiler().args(["attach", "--pid", "999999999"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("there is no process 999999999"), "{}", shown(&output));
    assert!(shown(&output).contains("hint: `ps -e` lists"), "{}", shown(&output));
    let output = profiler().args(["attach"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
}

#[test]
fn the_live_view_prints_tables_where_there_is_no_terminal() {
    let _turn = crate::turns::of_one();
    let running = Running::start();
    let mut command = profiler();
    command.args(["top", "--live", "--pid", &running.pid()]).stdout(Stdio::piped());
    let mut child = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let row = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(" hot"))).unwrap().unwrap();
    assert!(row.contains('%') && row.contains("busy"), "{row}");
    send_signal(&child.0, "INT");
    lines.for_each(drop);
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn the_live_view_gives_the_terminal_back() {
    let _turn = crate::turns::of_one();
    let name = "the_live_view_gives_the_terminal_back";
    if Command::new("script").arg("--version").output().is_err() {
        skip(name, "there is no `script` to make a terminal");
        return;
    }
    let running = Running::start();
    let vesta = env!("CARGO_BIN_EXE_vesta");
    let inner = format!("stty rows 20 cols 70; {vesta} top --live --pid {}; stty -a", running.pid());
    let mut child = Command::new("script")
        .args(["-qec", &inner, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut keys = child.stdin.take().unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    let mut is_asked = false;
    loop {
        let count = output.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..count]);
        if !is_asked && String::from_utf8_lossy(&seen).contains(" hot") {
            keys.write_all(b"q").unwrap();
            is_asked = true;
        }
    }
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(child.wait().unwrap().success() && is_asked, "{seen}");
    assert!(seen.contains("\x1b[?1049h") && seen.contains("\x1b[?1049l"), "{seen}");
    assert!(
        seen.rsplit("\x1b[?1049l").next().unwrap().contains(" icanon"),
        "the terminal is as it was: {seen}"
    );
}

#[test]
fn the_whole_host_is_profiled_one_service_at_a_time() {
    let _turn = crate::turns::of_one();
    let name = "the_whole_host_is_profiled_one_service_at_a_time";
    let running = Running::start();
    let server = Server::start(&[]);
    let mut command = profiler();
    command.args(["host", "--url", &server.intake, "--upload-period", "5"]).stderr(Stdio::piped());
    let mut child = Running(command.spawn().unwrap());
    let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    if !line.contains("Ctrl-C ends it") {
        assert!(line.contains("perf_event_paranoid") || line.contains("CAP_PERFMON"), "{line}");
        skip(name, "this user may not profile the host");
        return;
    }
    arrived(&server, "service:busy");
    send_signal(&child.0, "TERM");
    assert!(child.0.wait().unwrap().success());
    let top = server.json(&["top", "--json", "--query", "service:busy", "--type", "cpu-time"]);
    assert_eq!(top["functions"][0]["name"], "hot", "{top:#}");
    drop(running);
}
