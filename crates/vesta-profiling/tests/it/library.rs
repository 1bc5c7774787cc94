//! The libraries for C and Rust, as programs use them.

use crate::agent::{Agent, profile, share};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder with the libraries that cargo built for this test.
fn libraries() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder
}

/// The library of this name, which cargo puts beside the test, with or without a hash in its name.
fn library(extension: &str) -> PathBuf {
    let deps = libraries();
    let plain = [
        deps.join(format!("libvesta_profiling.{extension}")),
        deps.parent().unwrap().join(format!("libvesta_profiling.{extension}")),
    ];
    plain.into_iter().find(|path| path.exists()).unwrap()
}

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles a C program against the library.
fn compile(source: &Path, folder: &Path, is_static: bool) -> PathBuf {
    let program = folder.join(if is_static { "static" } else { "shared" });
    let mut command = Command::new("cc");
    command.arg("-g").arg("-I").arg(crate_folder().join("include")).arg(source).arg("-o").arg(&program);
    if is_static {
        command.arg(library("a")).args(["-lpthread", "-ldl", "-lm", "-lgcc_s", "-lutil", "-lrt"]);
    } else {
        command.arg("-L").arg(library("so").parent().unwrap()).arg("-lvesta_profiling");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    program
}

fn shown(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn command(program: &Path, agent: &Agent) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("DD_") || name.starts_with("VESTA_") {
            command.env_remove(name.as_ref());
        }
    }
    command.env("DD_TRACE_AGENT_URL", &agent.url).env("LD_LIBRARY_PATH", library("so").parent().unwrap());
    command.stdin(Stdio::null());
    command
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
}

fn demo() -> PathBuf {
    crate_folder().join("../../examples/c/profiler_demo.c")
}

#[test]
fn the_program_of_the_instructions_uploads_its_profile_when_linked_to_either_library() {
    let folder = tempfile::tempdir().unwrap();
    for is_static in [false, true] {
        let agent = Agent::start();
        run(&mut command(&compile(&demo(), folder.path(), is_static), &agent));
        let upload = agent.upload();
        let tag = |key| upload.event.tags.get(key).unwrap_or_default();
        assert_eq!((tag("service"), tag("env"), tag("version")), ("c_testservice", "prod", "1.0.3"));
        assert_eq!((upload.event.family.as_str(), tag("language")), ("native", "native"));
        let profile = profile(&upload);
        assert!(share(&profile, "cpu-time", "foo") > 0.8, "{}", share(&profile, "cpu-time", "foo"));
        assert!(share(&profile, "cpu-time", "main") > 0.8, "{}", share(&profile, "cpu-time", "main"));
        assert!(share(&profile, "cpu-time", "vesta_profiling") < 0.05);
    }
}

const NOTHING_SPECIAL: &str = "
#include <stdlib.h>
__attribute__((noinline)) double busy(void) {
  volatile double x = 0;
  for (long i = 0; i < 300000000L; i++) x += i;
  return x;
}
int main(void) { return busy() < 0; }
";

#[test]
fn a_program_that_knows_nothing_is_profiled_when_the_library_is_preloaded() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("plain.c");
    std::fs::write(&source, NOTHING_SPECIAL).unwrap();
    let program = folder.path().join("plain");
    let output = Command::new("cc").arg(&source).arg("-o").arg(&program).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let agent = Agent::start();
    run(command(&program, &agent).env("LD_PRELOAD", library("so")).env("DD_PROFILING_NATIVE_AUTOSTART", "1"));
    let upload = agent.upload();
    assert_eq!(upload.identity.service, "plain");
    assert!(share(&profile(&upload), "cpu-time", "busy") > 0.8);
    // Without the variable the library does nothing.
    run(command(&program, &agent).env("LD_PRELOAD", library("so")));
    assert_eq!(agent.uploads().len(), 0);
}

const STOP_AND_START: &str = "
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include \"vesta_profiling.h\"
__attribute__((noinline)) double first(void) {
  volatile double x = 0;
  for (long i = 0; i < 200000000L; i++) x += i;
  return x;
}
__attribute__((noinline)) double second(void) {
  volatile double x = 0;
  for (long i = 0; i < 200000000L; i++) x -= i;
  return x;
}
int main(void) {
  if (vesta_start_profiling() != 0) return 1;
  if (vesta_start_profiling() != -1) return 2;
  first();
  vesta_stop_profiling(5000);
  vesta_stop_profiling(5000);
  if (ddprof_start_profiling() != 0) return 3;
  second();
  ddprof_stop_profiling(5000);
  return 0;
}
";

#[test]
fn profiling_can_be_stopped_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("twice.c");
    std::fs::write(&source, STOP_AND_START).unwrap();
    let agent = Agent::start();
    let program = compile(&source, folder.path(), false);
    let output = command(&program, &agent).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let (first, second) = (profile(&agent.upload()), profile(&agent.upload()));
    assert!(share(&first, "cpu-time", "first") > 0.7 && share(&first, "cpu-time", "second") == 0.0);
    assert!(share(&second, "cpu-time", "second") > 0.7 && share(&second, "cpu-time", "first") == 0.0);
}

const FORKS: &str = "
#include <stdlib.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include \"vesta_profiling.h\"
__attribute__((noinline)) double work(void) {
  volatile double x = 0;
  for (long i = 0; i < 100000000L; i++) x += i;
  for (int i = 0; i < 100000; i++) free(malloc(1000));
  return x;
}
int main(void) {
  if (ddprof_start_profiling() != 0) return 1;
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) {
      free(malloc(2000000));
      exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status != 0) return 2;
  }
  pid_t child = fork();
  if (child == 0) {
    work();
    ddprof_stop_profiling(1000);
    /* A profiler of its own. */
    if (ddprof_start_profiling() != 0) _exit(3);
    work();
    exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  work();
  return WEXITSTATUS(status);
}
";

#[test]
fn children_that_are_forked_go_on_and_may_have_a_profiler_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("forks.c");
    std::fs::write(&source, FORKS).unwrap();
    let agent = Agent::start();
    let output = command(&compile(&source, folder.path(), false), &agent).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let uploads = [agent.upload(), agent.upload()];
    let processes: Vec<&str> =
        uploads.iter().filter_map(|upload| upload.event.tags.get("process_id")).collect();
    assert_ne!(processes[0], processes[1]);
    for upload in &uploads {
        assert!(share(&profile(upload), "cpu-time", "work") > 0.5);
    }
}

#[test]
fn an_agent_that_is_not_there_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile(&demo(), folder.path(), false);
    let agent = Agent::start();
    let output = command(&program, &agent)
        .env("DD_TRACE_AGENT_URL", "http://127.0.0.1:1")
        .env("DD_PROFILING_NATIVE_LOG_LEVEL", "error")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("cannot send to http://127.0.0.1:1: nothing listens there"), "{said}");
}

#[test]
fn the_example_for_rust_uploads_its_profile() {
    let example = libraries().parent().unwrap().join("examples/in_process");
    let agent = Agent::start();
    run(&mut command(&example, &agent));
    let upload = agent.upload();
    assert_eq!(upload.identity.service, "collatz");
    let profile = profile(&upload);
    assert!(share(&profile, "cpu-time", "in_process::collatz") > 0.8);
}

#[test]
fn metrics_of_the_profiler_go_to_a_statsd_socket() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile(&demo(), folder.path(), false);
    let path = folder.path().join("statsd.socket");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let agent = Agent::start();
    run(command(&program, &agent).env("DD_PROFILING_INTERNAL_STATS", &path));
    let mut gauges = Vec::new();
    let mut buffer = [0; 2048];
    while let Ok(count) = socket.recv(&mut buffer) {
        gauges.extend(String::from_utf8_lossy(&buffer[..count]).lines().map(str::to_owned));
    }
    for name in ["sample.count", "profiler.rss", "unwind.avg_time_ns", "pprof.size", "profile.duration_ms"] {
        let start = format!("datadog.profiling.native.{name}:");
        let gauge = gauges.iter().find(|gauge| gauge.starts_with(&start)).unwrap();
        let value: f64 = gauge[start.len()..].strip_suffix("|g").unwrap().parse().unwrap();
        assert!(value > 0.0, "{gauge}");
    }
}

#[test]
fn lines_of_the_log_go_to_a_file_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile(&demo(), folder.path(), false);
    let log = folder.path().join("profiler.log");
    let agent = Agent::start();
    run(command(&program, &agent)
        .env("DD_PROFILING_NATIVE_LOG_MODE", &log)
        .env("DD_PROFILING_NATIVE_LOG_LEVEL", "informational")
        .env("DD_PROFILING_UPLOAD_PERIOD", "soon"));
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(
        text.contains("warning: `soon` for DD_PROFILING_UPLOAD_PERIOD is no number of seconds"),
        "{text}"
    );
    assert!(text.contains(&format!("info: sent a profile of c_testservice to {}", agent.url)), "{text}");
}
