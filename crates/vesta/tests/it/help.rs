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
      run         Run a native program under the profiler: C, C++, Rust, Go, ...
      attach      Profile native programs that run already
      host        Profile all native programs of this host
      scrape      Fetch profiles from programs that serve them over HTTP, and send them
      import      Send files with profiles to a server
      view        Show a file with a profile on the page
      convert     Write a file with a profile in another format
      profiles    List profiles
      top         Show the functions that spend the most
      flamegraph  Write a merged flame graph
      pgo         Write a profile for compilers, which then optimize what is hot in production
      symbols     Send, list and remove the symbols of native programs
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
    for command in [
        "up",
        "server",
        "run",
        "attach",
        "host",
        "scrape",
        "import",
        "view",
        "convert",
        "profiles",
        "top",
        "flamegraph",
        "pgo",
        "symbols",
        "token",
    ] {
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
