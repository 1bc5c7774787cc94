//! `vesta view`: a file on the page, with a server that lasts as long as the command and keeps nothing.

use crate::arguments::ViewArguments;
use crate::failure::hinted;
use crate::file;
use crate::output::{note, print_lines};
use crate::serve;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use vesta_server::config::{Listen, SettingList};
use vesta_server::{Server, ServerConfig, Surroundings, UnreadableFile, start_logging, stop_signal};

/// A year: the file stays as long as the command runs.
const FOR_EVER: Duration = Duration::from_hours(365 * 24);

/// Runs the command.
pub(crate) fn view(arguments: &ViewArguments) -> Result<()> {
    let bytes = file::read_bytes(&arguments.file)?;
    let name = file_name(&arguments.file);
    // Dropped at the end of the command, and with it everything that the server wrote.
    let folder = tempfile::Builder::new().prefix("vesta-view-").tempdir();
    let folder = folder.context("cannot make a temporary folder")?;
    let config = ServerConfig {
        data: folder.path().join("data"),
        listen: Listen::At(format!("127.0.0.1:{}", arguments.port)),
        source_roots: SettingList(arguments.source_roots.clone()),
        log_level: "warn".to_owned(),
        ..ServerConfig::default()
    };
    start_logging(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    runtime.block_on(async {
        let signal = tokio::spawn(stop_signal());
        let surroundings = Surroundings { opened_age: Some(FOR_EVER), ..Surroundings::default() };
        let server = Server::start_in(config.clone(), surroundings).await;
        let server = server.map_err(|error| serve::explained(error, &config, "--port"))?;
        let opened = server.open(&name, bytes).await.map_err(unreadable)?;
        opened.problems.iter().for_each(|problem| note(format!("{name}: {problem}")));
        let address = format!("http://{}/opened/{}", server.addresses().api, opened.id);
        print_lines([format!("{name} is at {address}"), "Ctrl-C ends it; nothing is kept.".to_owned()])?;
        if !arguments.no_browser {
            open_browser(&address);
        }
        let asked_to_stop = async {
            if !matches!(signal.await, Ok(Ok(()))) {
                note("cannot wait for signals: stopping");
            }
        };
        server.run(asked_to_stop).await.context("the server did not stop as it should")
    })
}

/// The name of a file without its folder.
fn file_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) if path != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    }
}

fn unreadable(error: UnreadableFile) -> anyhow::Error {
    hinted(error.detail, error.hint)
}

/// Opens the browser of the desktop. The address was printed already, so it is no failure if there is none.
fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        // It may stay for as long as the browser does.
        Ok(mut child) => drop(std::thread::spawn(move || match child.wait() {
            Ok(status) if status.success() => {}
            _ => note(format!("{program} did not open a browser: open the address yourself")),
        })),
        Err(error) => {
            note(format!("cannot open a browser with {program} ({error}): open the address yourself"));
        }
    }
}
