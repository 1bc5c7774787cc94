//! An upload from the network: envelope, event and attachments. The boundary is what the first line says, so that
//! captured bodies (`fixtures/uploads/*.body`) serve as the corpus.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_upload::{Headers, Limits, Upload};

fuzz_target!(|body: &[u8]| {
    let first_line = body.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    let boundary = String::from_utf8_lossy(first_line.strip_prefix(b"--").unwrap_or(b"boundary"));
    let headers = Headers::new(
        format!("multipart/form-data; boundary=\"{boundary}\""),
        [("X-Datadog-Additional-Tags", "host:fuzz,default_env:test"), ("Datadog-Entity-ID", "ci-0")],
    );
    let limits = Limits { decompressed: 8 << 20, ..Limits::default() };
    let Ok(upload) = Upload::parse(&headers, body.to_vec().into(), &limits) else { return };
    for part in &upload.parts {
        assert_eq!(body[part.range()], part.data);
    }
    upload.dedupe_key();
    let decoded = upload.decode(&limits);
    assert!(decoded.decompressed_bytes <= limits.decompressed);
    decoded.value_types();
});
