//! `vesta scrape`, of a program with Go's `net/http/pprof`.

use crate::command::{shown, vesta};
use crate::go_program::GoProgram;
use crate::server::Server;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Serves its profiles, and spends its time in `burn` and its memory in `waste`.
const PROGRAM: &str = r#"
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
)

var sink []byte
var lock sync.Mutex

//go:noinline
func burn() (sum int) {
	for i := range 1 << 20 {
		sum = sum*31 + i
	}
	return sum
}

//go:noinline
func waste() {
	for range 16 {
		sink = make([]byte, 64<<10)
	}
}

//go:noinline
func contend() {
	lock.Lock()
	defer lock.Unlock()
	burn()
}

func main() {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	if len(os.Args) > 2 {
		go http.ServeTLS(listener, nil, os.Args[1], os.Args[2])
	} else {
		go http.Serve(listener, nil)
	}
	for range 2 {
		go func() {
			for {
				contend()
				waste()
			}
		}()
	}
	select {}
}
"#;

/// A program that runs until the test is over.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    /// Starts a program, which speaks TLS with a certificate and its key.
    fn start(program: &GoProgram, certificate: &[PathBuf]) -> Running {
        let mut command = Command::new(&program.path);
        // What the program says of clients that do not trust it is no news.
        let mut child =
            command.args(certificate).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut address).unwrap();
        Running { child, address: address.trim().to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_program_with_go_s_pprof_endpoints_is_profiled_with_all_types() {
    let test = "a_program_with_go_s_pprof_endpoints_is_profiled_with_all_types";
    let _turn = crate::turns::of_one();
    let Some(program) = GoProgram::build(test, PROGRAM, &[]) else { return };
    let running = Running::start(&program, &[]);
    let server = Server::start(&[]);
    let output =
        server.run(&["scrape", "--seconds", "5", "--service", "burner", "--env", "prod", &running.address]);
    assert!(output.status.success(), "{}", shown(&output));

    for (value_type, function) in
        [("cpu-time", "main.burn"), ("alloc-space", "main.waste"), ("mutex-delay", "sync.(*Mutex).Unlock")]
    {
        assert_hot(&server, value_type, function);
    }
    // The server itself waits as well, for its next request.
    let blocked = top(&server, "block-delay");
    let functions = blocked["functions"].as_array().unwrap();
    assert!(functions.iter().any(|function| function["name"] == "sync.(*Mutex).Lock"), "{blocked:#}");
    assert!(top(&server, "goroutines")["total"].as_i64().unwrap() >= 3);
    let profiles = server.json(&["profiles", "--json", "--query", "service:burner"]);
    let profile = &profiles["profiles"][0];
    assert_eq!((&profile["language"], &profile["env"]), (&"go".into(), &"prod".into()), "{profiles:#}");
}

#[test]
fn what_a_program_serves_is_sent_as_opentelemetry_profiles_too() {
    let test = "what_a_program_serves_is_sent_as_opentelemetry_profiles_too";
    let _turn = crate::turns::of_one();
    let Some(program) = GoProgram::build(test, PROGRAM, &[]) else { return };
    let running = Running::start(&program, &[]);
    let server = Server::start(&["--otlp-http-listen", "127.0.0.1:0"]);
    let flags = ["scrape", "--protocol", "otlp", "--seconds", "5", "--service", "burner", "--env", "prod"];
    let output = vesta().args(flags).args(["--server", &server.otlp("HTTP"), &running.address]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    for (value_type, function) in [("cpu-time", "main.burn"), ("alloc-space", "main.waste")] {
        assert_hot(&server, value_type, function);
    }
    assert!(top(&server, "goroutines")["total"].as_i64().unwrap() >= 3);
    let profiles = server.json(&["profiles", "--json", "--query", "service:burner telemetry.sdk.name:vesta"]);
    let profile = &profiles["profiles"][0];
    assert_eq!((&profile["language"], &profile["env"]), (&"go".into(), &"prod".into()), "{profiles:#}");
}

#[test]
fn what_a_schedule_counts_adds_up_and_is_there_as_files_too() {
    let test = "what_a_schedule_counts_adds_up_and_is_there_as_files_too";
    let _turn = crate::turns::of_one();
    let Some(program) = GoProgram::build(test, PROGRAM, &[]) else { return };
    let running = Running::start(&program, &[]);
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let allocated_before = allocated(&running);
    let scrape = vesta()
        .args(["scrape", "--every", "1s", "--types", "heap", "--service", "burner", "--server", &server.url])
        .arg("-o")
        .arg(folder.path().join("files"))
        .arg(&running.address)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let uploads =
        || server.json(&["profiles", "--json", "--query", "service:burner"])["total"].as_u64().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while uploads() < 3 {
        assert!(Instant::now() < until, "there are only {} uploads", uploads());
        std::thread::yield_now();
    }
    crate::server::send_signal(&scrape, "INT");
    let output = scrape.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let allocated_after = allocated(&running);

    // Cumulative profiles, taken for what they seem, would add up to a multiple.
    let top = top(&server, "alloc-space");
    let (counted, most) = (top["total"].as_f64().unwrap(), (allocated_after - allocated_before) * 1.3);
    assert!(counted > 0.0 && counted < most, "{counted} of {most}: {top:#}");
    assert_eq!(top["functions"][0]["name"], "main.waste");
    let files = std::fs::read_dir(folder.path().join("files")).unwrap().count() as u64;
    assert_eq!(files, uploads());
}

#[test]
fn a_program_with_tls_is_scraped_if_its_certificate_is_trusted() {
    let test = "a_program_with_tls_is_scraped_if_its_certificate_is_trusted";
    let _turn = crate::turns::of_one();
    let Some(program) = GoProgram::build(test, PROGRAM, &[]) else { return };
    let running = Running::start(&program, &[tls_file("server.pem"), tls_file("server.key")]);
    let url = format!("https://{}", running.address);
    let folder = tempfile::tempdir().unwrap();
    let scrape = |flags: &[&str], authority: Option<&str>| {
        let file = folder.path().join("out.pb.gz");
        let _ = std::fs::remove_file(&file);
        let mut command = vesta();
        // What this system trusts is not for a test to rely on.
        command.env("SSL_CERT_FILE", tls_file(authority.unwrap_or("itself.pem"))).env_remove("SSL_CERT_DIR");
        command
            .args(["scrape", "--types", "goroutine", "--seconds", "1", "-o"])
            .arg(&file)
            .args(flags)
            .arg(&url);
        let output = command.output().unwrap();
        (output.status.code() == Some(0) && file.exists(), shown(&output))
    };
    let authority = tls_file("authority.pem");
    let authority = authority.to_str().unwrap();
    for flags in [&["--ca-cert", authority][..], &["--insecure"], &["-k"], &["--cacert", authority]] {
        let (is_scraped, text) = scrape(flags, None);
        assert!(is_scraped, "{flags:?}: {text}");
    }
    let (is_scraped, text) = scrape(&[], Some("authority.pem"));
    assert!(is_scraped, "trusted by the system: {text}");
    let (is_scraped, text) = scrape(&[], None);
    assert!(
        !is_scraped && text.contains("nobody who is trusted has signed it; --ca-cert FILE names"),
        "{text}"
    );
    let (_, text) = scrape(&["--ca-cert", tls_file("server.key").to_str().unwrap()], None);
    assert!(text.contains("there is no certificate in"), "{text}");
}

#[test]
fn ctrl_c_gives_up_a_cpu_profile_and_says_so() {
    let test = "ctrl_c_gives_up_a_cpu_profile_and_says_so";
    let _turn = crate::turns::of_one();
    let Some(program) = GoProgram::build(test, PROGRAM, &[]) else { return };
    let running = Running::start(&program, &[]);
    let server = Server::start(&[]);
    let mut scrape = vesta()
        .args(["scrape", "--every", "600s", "--service", "burner", "--server", &server.url, &running.address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let url = format!("http://{}/debug/pprof/goroutine?debug=1", running.address);
    let goroutines = || ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    while !goroutines().contains("net/http/pprof.Profile") {
        assert!(Instant::now() < until && scrape.try_wait().unwrap().is_none(), "no CPU profile is taken");
    }
    crate::server::send_signal(&scrape, "INT");
    let output = scrape.wait_with_output().unwrap();
    let text = shown(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("the CPU profile of {} was given up, ", running.address)), "{text}");
    assert!(text.contains("1 uploads, 0 files written, 0 failures"), "{text}");
    assert!(top(&server, "alloc-space")["total"].as_i64().unwrap() > 0);
}

fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tls").join(name)
}

/// Fails unless a function, with what it calls, has the most: on a busy machine, half of a CPU profile is in what preempts it.
#[track_caller]
fn assert_hot(server: &Server, value_type: &str, function: &str) {
    let top = top(server, value_type);
    let functions = top["functions"].as_array().unwrap();
    let hot = functions.iter().find(|row| row["name"] == function).and_then(|row| row["total"].as_f64());
    assert!(hot.is_some_and(|hot| hot * 2.0 > top["total"].as_f64().unwrap()), "{value_type}: {top:#}");
}

fn top(server: &Server, value_type: &str) -> Value {
    server.json(&["top", "--json", "--query", "service:burner", "--type", value_type])
}

/// What the runtime says was allocated since the program started.
fn allocated(running: &Running) -> f64 {
    let url = format!("http://{}/debug/pprof/heap?debug=1", running.address);
    let text = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("# TotalAlloc = ")).unwrap();
    line.parse().unwrap()
}
