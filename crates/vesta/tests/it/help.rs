//! What `vesta` says about itself.

use crate::command::{run, shown, stdout};

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(stdout(&["--help"]), @r#"
    A continuous profiler: it keeps what profiling libraries send, and shows which code spends the CPU,
    the time and the memory.

    Start with `vesta up`.

    Usage: vesta <COMMAND>

    Commands:
      up          Start a server with sensible defaults, and say how to send profiles to it
      server      Start a server
      import      Send files to a server: pprof, collapsed stacks, or captured uploads
      view        Show a file on the page: pprof, collapsed stacks, or a captured upload
      profiles    List profiles
      top         Show the functions that spend the most
      flamegraph  Write a merged flame graph
      token       Create, list and revoke the tokens of a server
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    "#);
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(stdout(&["--version"]), format!("vesta {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_has_help() {
    for command in ["up", "server", "import", "view", "profiles", "top", "flamegraph", "token"] {
        assert!(stdout(&[command, "--help"]).contains("Usage: vesta"), "{command}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in
        [&["tops"][..], &["top", "--limit", "many"], &["import"], &["server", "--listen", "nowhere"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    }
}
