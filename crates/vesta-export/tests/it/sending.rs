//! Sending.

use crate::server::Server;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Endpoint, Exporter, SendError, Sender, Sent, Trust};

const TYPE: &str = "multipart/form-data; boundary=x";
const OK: &str = "200 OK";

fn exporter(address: &str) -> Exporter {
    let sender = Sender { name: "vesta", version: "1.2", container_id: Some("c0ffee") };
    Exporter::new(Endpoint::parse(address).unwrap(), &sender, &Trust::System)
}

fn attempts(sent: Result<Sent, SendError>) -> u32 {
    let Sent { attempts, remark } = sent.unwrap();
    assert_eq!(remark, None);
    attempts
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

#[test]
fn an_upload_arrives_with_its_headers() {
    let server = Server::tcp(&[OK]);
    assert_eq!(attempts(exporter(&server.address).send(TYPE, b"a profile", &soon())), 1);
    let request = server.request();
    assert_eq!(request.line, "POST /profiling/v1/input HTTP/1.1");
    assert_eq!(request.body, b"a profile");
    for (name, value) in [
        ("Content-Type", TYPE),
        ("DD-EVP-ORIGIN", "vesta"),
        ("DD-EVP-ORIGIN-VERSION", "1.2"),
        ("User-Agent", "vesta/1.2"),
        ("Datadog-Container-ID", "c0ffee"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}: {request:?}");
    }
    assert_eq!(request.header("DD-API-KEY"), None);
}

#[test]
fn a_large_upload_arrives_over_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::unix(&folder.path().join("s"), &[OK]);
    let body: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    assert_eq!(attempts(exporter(&server.address).send(TYPE, &body, &soon())), 1);
    let request = server.request();
    assert_eq!(request.line, "POST /profiling/v1/input HTTP/1.1");
    assert!(request.body == body);
}

#[test]
fn a_prefix_of_the_path_is_kept_and_a_key_is_shown() {
    let server = Server::tcp(&[OK]);
    let endpoint = Endpoint::parse(&format!("{}/tenant", server.address)).unwrap().with_api_key("k");
    let exporter =
        Exporter::new(endpoint, &Sender { name: "v", version: "1", container_id: None }, &Trust::System);
    assert_eq!(attempts(exporter.send(TYPE, b"", &soon())), 1);
    let request = server.request();
    assert_eq!(request.line, "POST /tenant/profiling/v1/input HTTP/1.1");
    assert_eq!(request.header("DD-API-KEY"), Some("k"));
    assert_eq!(request.header("Datadog-Container-ID"), None);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_so() {
    let server =
        Server::tcp(&["503 Service Unavailable", "429 Too Many Requests\r\nRetry-After: 1", "202 Accepted"]);
    let start = Instant::now();
    assert_eq!(attempts(exporter(&server.address).send(TYPE, b"x", &soon())), 3);
    assert!(start.elapsed() >= Duration::from_millis(1_250), "{:?}", start.elapsed());
    assert_eq!(server.waiting(), 3);
}

#[test]
fn a_refusal_is_final_and_says_what_to_change() {
    for (answer, part) in [
        ("404 Not Found", "takes no profiles (404); is that the address of Vesta"),
        ("403 Forbidden", "set --api-key or DD_API_KEY"),
        ("400 Bad Request\r\nContent-Length: 12", "refused the profile (400)"),
    ] {
        let server = Server::tcp(&[answer]);
        let error = exporter(&server.address).send(TYPE, b"x", &soon()).unwrap_err();
        assert!(error.to_string().contains(part) && error.to_string().contains(&server.address), "{error}");
        assert_eq!(error.is_permanent(), !answer.starts_with("400"));
        assert_eq!(server.waiting(), 1, "{answer}");
    }
}

#[test]
fn a_server_that_never_answers_costs_no_more_than_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let path = folder.path().join("s");
    let _unix = std::os::unix::net::UnixListener::bind(&path).unwrap();
    for address in [format!("http://{}", tcp.local_addr().unwrap()), format!("unix://{}", path.display())] {
        let exporter = exporter(&address);
        // More than the buffers of a socket hold, so that writing has to wait as well.
        let body = vec![1; 8_000_000];
        let start = Instant::now();
        let deadline = Deadline::after(Duration::from_secs(2));
        let error = exporter.send(TYPE, &body, &deadline).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(error.to_string(), format!("cannot send to {address}: no answer in time (1 attempts)"));
    }
}

#[test]
fn where_nothing_listens_it_gives_up_and_says_so() {
    for (address, reason) in [
        ("http://127.0.0.1:1".to_owned(), "nothing listens there"),
        ("/no/where".into(), "there is no such socket"),
    ] {
        let deadline = Deadline::after(Duration::from_secs(4));
        let SendError::Unavailable { reason: said, attempts, .. } =
            exporter(&address).send(TYPE, b"x", &deadline).unwrap_err()
        else {
            panic!("another error");
        };
        assert_eq!(said, reason);
        assert!((2..=6).contains(&attempts), "{attempts}");
    }
}

#[test]
fn a_deadline_brought_forward_ends_the_wait() {
    let server = Server::tcp(&["503 Service Unavailable\r\nRetry-After: 15"]);
    let deadline = Deadline::after(Duration::from_secs(60));
    let exporter = exporter(&server.address);
    let start = Instant::now();
    let ended = thread::scope(|scope| {
        let sending = scope.spawn(|| exporter.send(TYPE, b"x", &deadline));
        server.request();
        deadline.shorten(Instant::now());
        sending.join().unwrap()
    });
    assert!(ended.is_err() && start.elapsed() < Duration::from_secs(10), "{ended:?}");
}
