//! Children and other programs are followed, and see what they would see without.

use crate::support::{Programs, everything, skip, watch, watch_well};
use std::process::Command;
use vesta_hooks::{Options, StartCause};

#[test]
fn every_way_to_run_a_program_is_followed_and_leaves_no_trace_in_its_environment() {
    let programs = Programs::new();
    let program = programs.c("family_tree.c");
    let ways = [
        "execve",
        "execv",
        "execvp",
        "execvpe",
        "execveat",
        "fexecve",
        "execl",
        "execlp",
        "execle",
        "posix_spawn",
        "posix_spawnp",
        "system",
        "popen",
        "vfork",
        "fails",
    ];
    for way in ways {
        let mut command = Command::new(&program);
        command.arg(way).env("FAMILY", "yes").env_remove("LD_PRELOAD");
        let (seen, _) = watch_well(&everything(), &mut command);
        assert_eq!(seen.count(1_234_567), 1, "{way}: {:?}", seen.starts);
        let leaf = seen.allocations.iter().find(|allocation| allocation.size == 1_234_567).unwrap();
        let last = seen.starts.iter().rfind(|start| start.pid == leaf.pid).unwrap();
        let want = if way == "fails" { StartCause::Fork } else { StartCause::Exec };
        assert_eq!(last.cause, want, "{way}");
    }
}

#[test]
fn children_of_fork_and_of_clone_go_on_in_the_same_ring() {
    let programs = Programs::new();
    let program = programs.c("family_tree.c");
    let command = || {
        let mut command = Command::new(&program);
        command.arg("fork").env("FAMILY", "yes").env_remove("LD_PRELOAD");
        command
    };
    let options = Options { live_heap: true, ..everything() };
    let (seen, _) = watch_well(&options, &mut command());
    let of = |size| seen.allocations.iter().find(|allocation| allocation.size == size).unwrap();
    let (child, grandchild) = (of(1_234_567), of(1_234_568));
    let starts: Vec<_> = seen.starts.iter().map(|start| (start.cause, start.pid)).collect();
    let first = seen.starts[0].pid;
    assert_eq!(
        starts,
        [(StartCause::Exec, first), (StartCause::Fork, child.pid), (StartCause::Fork, grandchild.pid)]
    );
    assert_eq!(seen.starts[1].parent, first);
    assert_eq!(seen.starts[2].parent, child.pid);
    assert!(seen.alive.keys().any(|(pid, _)| *pid == grandchild.pid), "it did not free");

    let alone = Options { follow_children: false, ..options };
    let (seen, _) = watch_well(&alone, &mut command());
    assert_eq!(seen.starts.len(), 1);
    assert_eq!(seen.count(1_234_567) + seen.count(1_234_568), 0);
}

#[test]
fn a_program_prints_the_same_environment_as_without() {
    let programs = Programs::new();
    let other = programs.compile("cc", "library.c", "libother.so", &["-shared", "-fPIC"]);
    let other = other.to_str().unwrap();
    for theirs in
        [None, Some(other.to_owned()), Some(format!("{other}:{other}")), Some(format!("{other} {other}"))]
    {
        let command = || {
            let mut command = Command::new("env");
            command.env_clear().env("PATH", "/usr/bin:/bin").env("B", "2").env("A", "1");
            if let Some(theirs) = &theirs {
                command.env("LD_PRELOAD", theirs);
            }
            command
        };
        let without = String::from_utf8(command().output().unwrap().stdout).unwrap();
        let (seen, with) = watch_well(&Options::default(), &mut command());
        assert_eq!(seen.starts.len(), 1);
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&with), sorted(&without));
        // And after one more program in between.
        let mut shell = Command::new("sh");
        shell.args(["-c", "env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= -e ^OLDPWD="]);
        shell.env_clear().env("PATH", "/usr/bin:/bin").env("B", "2").env("A", "1");
        if let Some(theirs) = &theirs {
            shell.env("LD_PRELOAD", theirs);
        }
        let (_, nested) = watch_well(&Options::default(), &mut shell);
        assert_eq!(sorted(&nested), sorted(&without));
    }
}

#[test]
fn processes_in_another_pid_namespace_have_the_numbers_of_ours() {
    let programs = Programs::new();
    let program = programs.c("family_tree.c");
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork"]).arg(&program).arg("fork").env("FAMILY", "yes").env_remove("LD_PRELOAD");
    let (seen, output) = watch(&everything(), &mut command);
    if String::from_utf8_lossy(&output.stderr).contains("unshare") {
        let reason = "may not make a pid namespace";
        return skip("processes_in_another_pid_namespace_have_the_numbers_of_ours", reason);
    }
    assert!(output.status.success(), "{output:?}");
    let of = |size| seen.allocations.iter().find(|allocation| allocation.size == size).unwrap();
    let first = seen.starts[0].pid;
    for process in [of(1_234_567), of(1_234_568)] {
        // Numbers within are small; those of ours may have begun anew meanwhile.
        assert!(process.pid != first && process.pid > 100, "{process:?} in {:?}", seen.starts);
    }
    assert_ne!(of(1_234_567).pid, of(1_234_568).pid);
}
