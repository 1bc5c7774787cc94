//! Rust, Go, and code that is compiled while the program runs.

use crate::process::run_quietly;
use crate::profiler::{Profiled, Profiler};
use crate::program::{Workshop, exists, run_tool, sources};
use crate::skip::skip;
use crate::user::{User, anyone, users};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn async_functions_of_rust_have_their_names_and_shares() {
    let test = "async_functions_of_rust_have_their_names_and_shares";
    let workshop = Workshop::new();
    for flags in [&[][..], &["-C", "symbol-mangling-version=v0", "-g"]] {
        let program = workshop.rust("tasks", "tasks.rs", flags);
        for user in users(test, &workshop) {
            Profiler::new(&workshop, user).cpu(99).run(&program, &[]).expect("tasks.json");
        }
    }
}

#[test]
fn go_has_names_and_shares_even_when_it_is_stripped() {
    let test = "go_has_names_and_shares_even_when_it_is_stripped";
    let Some(go) = go() else { return skip(test, "there is no Go toolchain") };
    let workshop = Workshop::new();
    for (flags, users) in [
        (&[][..], users(test, &workshop)),
        (&["-ldflags", "-s -w"], users(test, &workshop)),
        (&["-buildmode", "pie", "-ldflags", "-s -w"], Vec::from_iter(anyone(test, &workshop))),
    ] {
        let program = workshop.go(&go, "split", "split.go", flags);
        for user in users {
            Profiler::new(&workshop, user).cpu(499).run(&program, &[]).expect("go.json");
        }
    }
}

#[test]
fn functions_of_node_have_names_by_its_perf_map() {
    node("functions_of_node_have_names_by_its_perf_map", "--perf-basic-prof");
}

#[test]
fn functions_of_node_have_names_by_its_jitdump() {
    node("functions_of_node_have_names_by_its_jitdump", "--perf-prof");
}

fn node(test: &str, how: &str) {
    let Some(node) = real_program("node", "process.execPath") else { return skip(test, "there is no node") };
    let workshop = Workshop::new();
    let script = readable(&workshop, &sources().join("split.js"));
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user).cpu(99);
        let profiled = profiler.run(&node, &[how, "--interpreted-frames-native-stack", &script]);
        without_maps(&profiled);
        profiled.expect("node.json");
    }
}

#[test]
fn functions_of_python_have_names_by_its_perf_map() {
    let test = "functions_of_python_have_names_by_its_perf_map";
    let Some(python) = python() else {
        return skip(test, "there is no Python of version 3.12 or newer that takes `-X perf`");
    };
    let workshop = Workshop::new();
    let script = readable(&workshop, &sources().join("split.py"));
    // A Python may be in a home that is closed to others. That others' maps are read, the test of Node shows.
    let able: Vec<User> = users(test, &workshop).into_iter().filter(|user| runs_as(*user, &python)).collect();
    for user in able {
        let profiled = Profiler::new(&workshop, user).cpu(99).run(&python, &["-X", "perf", &script]);
        without_maps(&profiled);
        profiled.expect("python.json");
    }
}

#[test]
fn functions_of_java_have_names_by_its_perf_map() {
    let test = "functions_of_java_have_names_by_its_perf_map";
    if !exists("javac") {
        return skip(test, "there is no javac");
    }
    let Some(java) = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("java"))
        .find(|java| java.exists())
    else {
        return skip(test, "there is no java");
    };
    let workshop = Workshop::new();
    run_tool(Command::new("javac").arg("-d").arg(workshop.path("")).arg(sources().join("Split.java")));
    let classes = workshop.path("").to_string_lossy().into_owned();
    for user in users(test, &workshop) {
        // The map is written when Java ends.
        let options =
            ["-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit", "-XX:+PreserveFramePointer"];
        let mut arguments = options.to_vec();
        arguments.extend([
            "-XX:TieredStopAtLevel=1",
            "-XX:-Inline",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-cp",
            &classes,
            "Split",
        ]);
        let profiled = Profiler::new(&workshop, user).cpu(99).run(&java, &arguments);
        without_maps(&profiled);
        profiled.expect("java.json");
    }
}

/// Removes the maps that runtimes leave in `/tmp`, and nobody else does.
fn without_maps(profiled: &Profiled) {
    for process in profiled.samples.rows.iter().filter_map(|row| row.labels.get("process_id")).flatten() {
        let _ = std::fs::remove_file(format!("/tmp/perf-{process}.map"));
    }
}

/// Copied to where everybody may read it: the sources may be in a home that is closed to others.
fn readable(workshop: &Workshop, script: &Path) -> String {
    let copy = workshop.path(&script.file_name().unwrap().to_string_lossy());
    std::fs::copy(script, &copy).unwrap();
    copy.to_string_lossy().into_owned()
}

fn go() -> Option<PathBuf> {
    ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]
        .into_iter()
        .map(PathBuf::from)
        .find(|go| run_quietly(Command::new(go).arg("version")))
}

/// The program itself, not a script that starts it.
fn real_program(name: &str, expression: &str) -> Option<PathBuf> {
    let mut command = Command::new(name);
    command.args(["--print", expression]);
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(crate::process::text(&output.stdout).trim()))
}

/// A Python that writes perf maps. Shims of version managers are looked through.
fn python() -> Option<PathBuf> {
    const QUESTION: &str = "import sys\nassert sys.is_stack_trampoline_active()\nprint(sys.executable)";
    let versions = ["python3.15", "python3.14", "python3.13", "python3.12", "python3"].map(PathBuf::from);
    let home = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".pyenv")));
    let managed = home.and_then(|home| std::fs::read_dir(home.join("versions")).ok()).into_iter().flatten();
    let mut managed: Vec<_> = managed.flatten().map(|version| version.path().join("bin/python3")).collect();
    managed.sort();
    versions.into_iter().chain(managed.into_iter().rev()).find_map(|python| {
        let output = Command::new(python).args(["-X", "perf", "-c", QUESTION]).output().ok()?;
        output.status.success().then(|| PathBuf::from(crate::process::text(&output.stdout).trim()))
    })
}

fn runs_as(user: User, program: &Path) -> bool {
    run_quietly(user.command(program).arg("--version"))
}
