//! The body as such.

use bytes::Bytes;
use vesta_upload::multipart::{self, MultipartError, MultipartReason};
use vesta_upload::{Limits, Part};

fn read(content_type: &str, body: &str) -> Result<Vec<Part>, MultipartError> {
    multipart::read(content_type, &Bytes::copy_from_slice(body.as_bytes()), &Limits::default())
}

/// Reads a body with the boundary `frontier`, lines ending as in the source.
#[track_caller]
fn check(body: &str, expected: &[(&str, Option<&str>, &str)]) {
    let parts = read("multipart/form-data; boundary=frontier", body).unwrap();
    let parts: Vec<(&str, Option<&str>, &str)> = parts
        .iter()
        .map(|part| (part.name.as_str(), part.filename.as_deref(), std::str::from_utf8(&part.data).unwrap()))
        .collect();
    assert_eq!(parts, expected);
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    assert_eq!(read("multipart/form-data; boundary=frontier", body).unwrap_err().to_string(), expected);
}

#[track_caller]
fn check_content_type(content_type: &str, boundary: &str) {
    let body =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--{boundary}--");
    let parts = read(content_type, &body).unwrap_or_else(|error| panic!("{content_type}: {error}"));
    assert_eq!(parts[0].data, "x");
}

#[test]
fn boundaries_of_every_client_are_read() {
    check_content_type("multipart/form-data; boundary=R2CA8V", "R2CA8V");
    check_content_type("multipart/form-data; boundary=\"R2CA8V\"", "R2CA8V");
    check_content_type("Multipart/Form-Data;charset=utf-8;BOUNDARY=R2CA8V ; a=b", "R2CA8V");
    check_content_type("multipart/form-data; boundary=\"with space:and?more\"", "with space:and?more");
    let longest = "x".repeat(70);
    check_content_type(&format!("multipart/form-data; boundary={longest}"), &longest);
}

#[test]
fn a_content_type_without_a_usable_boundary_is_refused() {
    let reason = |content_type: &str| read(content_type, "").unwrap_err().reason;
    assert_eq!(reason("application/json"), MultipartReason::OtherContentType("application/json".to_owned()));
    assert_eq!(reason("multipart/form-data"), MultipartReason::NoBoundary);
    assert_eq!(reason("multipart/form-data; boundary="), MultipartReason::NoBoundary);
    assert_eq!(reason("multipart/form-data; boundary=\"\""), MultipartReason::NoBoundary);
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    assert_eq!(reason(&long), MultipartReason::LongBoundary(71));
}

#[test]
fn part_headers_are_read_in_any_case_and_order() {
    check(
        "--frontier\r\n\
         content-type: text/plain\r\nX-Other: y\r\ncontent-disposition: form-data; filename=\"b.txt\"; name=\"b\"\r\n\r\n\
         1\r\n\
         --frontier\r\n\
         CONTENT-DISPOSITION:form-data;name=c\r\n\r\n\
         2\r\n\
         --frontier\r\n\
         Content-Disposition: form-data;\r\n name=\"folded\";\r\n\tfilename=d\r\n\r\n\
         3\r\n\
         --frontier--\r\n",
        &[("b", Some("b.txt"), "1"), ("c", None, "2"), ("folded", Some("d"), "3")],
    );
}

#[test]
fn file_names_may_hold_quotes_backslashes_and_any_language() {
    let cases = [
        (r#"filename="a\"b.pprof""#, r#"a"b.pprof"#),
        (r#"filename="a;b=c.pprof""#, "a;b=c.pprof"),
        (r#"filename="C:\dir\a.pprof""#, r"C:\dir\a.pprof"),
        (r#"filename="a\\b""#, r"a\b"),
        ("filename=\"caf\u{e9}.pprof\"", "caf\u{e9}.pprof"),
        ("filename=\"plain\"; filename*=UTF-8''caf%C3%A9.pprof", "caf\u{e9}.pprof"),
        ("filename*=iso-8859-1'en'caf%E9; filename=plain", "caf\u{e9}"),
        ("filename=\"plain\"; filename*=UTF-8''%FF%FE", "plain"),
        ("filename=\"plain\"; filename*=broken", "plain"),
    ];
    for (parameter, expected) in cases {
        let body = format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"n\"; {parameter}\r\n\r\n\r\n--frontier--"
        );
        check(&body, &[("n", Some(expected), "")]);
    }
}

#[test]
fn preamble_and_epilogue_are_skipped() {
    check(
        "This is a MIME message.\r\n--frontier \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n\
         --frontier--\r\nand more\r\n--frontier\r\n",
        &[("a", None, "x")],
    );
}

#[test]
fn bare_line_feeds_are_taken_if_the_first_line_ends_in_one() {
    check(
        "--frontier\nContent-Disposition: form-data; name=\"a\"\n\nx\r\n--frontier\n\
         Content-Disposition: form-data; name=\"b\"\n\ny\n--frontier--\n",
        &[("a", None, "x\r"), ("b", None, "y")],
    );
}

#[test]
fn content_that_looks_like_a_boundary_stays_content() {
    let content =
        "--frontier\r\r\n --frontier\r\n\r\n--frontierX\r\n\n--frontier\r\nx--frontier\r\n\r\n--frontier-";
    check(
        &format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx{content}\r\n--frontier--\r\n"
        ),
        &[("a", None, &format!("x{content}"))],
    );
}

#[test]
fn empty_content_is_content() {
    check(
        "--frontier\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n\
         --frontier\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n--frontier--\r\n",
        &[("a", None, ""), ("b", None, "")],
    );
    check("--frontier--\r\n", &[]);
}

#[test]
fn errors_name_the_part_the_byte_and_the_reason() {
    check_error("", "no line of the body is the boundary `--frontier`");
    check_error("{\"json\": true}", "no line of the body is the boundary `--frontier`");
    let first =
        "--frontier\r\nContent-Disposition: form-data; name=\"event\"; filename=\"event.json\"\r\n\r\n{}\r\n";
    check_error(
        first,
        "part 1 (event.json), byte 87: the body ends without the closing boundary; it was probably cut off within this part",
    );
    check_error(
        &format!("{first}--frontier\r\nContent-Disp"),
        "part 2, byte 99: the body ends within the headers of this part; it was probably cut off",
    );
    check_error(
        &format!("{first}--frontier\r\nno header\r\n\r\n\r\n--frontier--"),
        "part 2, byte 99: `no header` is not a header line",
    );
    check_error(
        &format!("{first}--frontier\r\nContent-Type: text/plain\r\n\r\n\r\n--frontier--"),
        "part 2, byte 99: the headers of this part have no Content-Disposition with a name or filename",
    );
    check_error(
        &format!("{first}--frontier\r\nX: {}\r\n\r\n\r\n--frontier--", "x".repeat(20_000)),
        "part 2, byte 99: the headers of this part are longer than the 16384 bytes that are allowed",
    );
}
