//! Whatever comes in, the answer is a clear error or what could be read.

use crate::fixtures::{self, Fixture};
use bytes::Bytes;
use std::fmt::Write;
use vesta_formats::compression;
use vesta_upload::multipart::MultipartReason;
use vesta_upload::{Headers, Limits, MultipartBuilder, Upload, UploadError};

/// Random numbers that are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Small enough for many rounds: what is tested is the way of the bytes, not their number.
fn small() -> Vec<Fixture> {
    fixtures::all().into_iter().filter(|fixture| fixture.body.len() < 100_000).collect()
}

/// Parses and decodes. An error must say where it is; a problem of an attachment must name it.
fn feed(headers: &Headers, body: Vec<u8>, context: &str) -> Option<UploadError> {
    let limits = Limits { decompressed: 16 << 20, ..Limits::default() };
    match Upload::parse(headers, body.into(), &limits) {
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 2_000, "{context}: {text}");
            Some(error)
        }
        Ok(upload) => {
            upload.dedupe_key();
            let decoded = upload.decode(&limits);
            assert!(decoded.decompressed_bytes <= limits.decompressed, "{context}");
            for problem in &decoded.problems {
                assert!(problem.part.is_some(), "{context}: {problem}");
            }
            None
        }
    }
}

#[test]
fn an_upload_cut_off_anywhere_is_refused_with_the_part_it_ends_in() {
    for fixture in small() {
        let upload = fixture.upload();
        let mut random = Random(7);
        let mut cuts: Vec<usize> = (0..200).map(|_| random.below(fixture.body.len() - 4)).collect();
        cuts.extend([0, 1, 2]);
        cuts.extend(upload.parts.iter().flat_map(|part| [part.range().start, part.range().end]));
        for cut in cuts {
            let context = format!("{} cut at {cut}", fixture.name);
            let error = feed(&fixture.headers, fixture.body[..cut].to_vec(), &context)
                .unwrap_or_else(|| panic!("{context}: accepted"));
            let inside = upload.parts.iter().find(|part| part.range().contains(&cut));
            if let Some(part) = inside {
                assert_eq!(error.part(), Some(part.file_name()), "{context}: {error}");
                let place = format!("part {} ({}), byte {cut}:", part.number, part.file_name());
                assert!(error.to_string().starts_with(&place), "{context}: {error}");
            }
        }
    }
}

#[test]
fn flipped_bits_never_panic() {
    for fixture in small() {
        let mut random = Random(11);
        for round in 0..60 {
            let mut body = fixture.body.to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(body.len());
                body[at] ^= 1 << random.below(8);
            }
            feed(&fixture.headers, body, &format!("{}, round {round}", fixture.name));
        }
    }
}

#[test]
fn flipped_bits_outside_of_attachments_never_panic() {
    for fixture in small() {
        let upload = fixture.upload();
        let attachments: Vec<_> = upload.attachments().map(vesta_upload::Part::range).collect();
        let envelope: Vec<usize> = (0..fixture.body.len())
            .filter(|at| !attachments.iter().any(|range| range.contains(at)))
            .collect();
        let mut random = Random(13);
        for round in 0..200 {
            let mut body = fixture.body.to_vec();
            for _ in 0..=random.below(3) {
                let at = envelope[random.below(envelope.len())];
                body[at] = random.next().to_le_bytes()[0];
            }
            feed(&fixture.headers, body, &format!("{}, round {round}", fixture.name));
        }
    }
}

#[test]
fn spliced_and_repeated_bytes_never_panic() {
    for fixture in small() {
        let mut random = Random(17);
        for round in 0..60 {
            let mut body = fixture.body.to_vec();
            let from = random.below(body.len());
            let length = random.below(body.len() - from).min(4_096);
            let piece = body[from..from + length].to_vec();
            let to = random.below(body.len());
            if random.below(2) == 0 {
                body.splice(to..to, piece);
            } else {
                body.drain(from..from + length);
            }
            feed(&fixture.headers, body, &format!("{}, round {round}", fixture.name));
        }
    }
}

#[test]
fn a_hundred_thousand_parts_are_refused_by_number() {
    let mut body = String::new();
    for number in 0..100_000 {
        write!(body, "--b0undary\r\nContent-Disposition: form-data; name=\"n{number}\"\r\n\r\nx\r\n")
            .unwrap();
    }
    body.push_str("--b0undary--\r\n");
    let headers = Headers::new("multipart/form-data; boundary=b0undary", []);
    let error = Upload::parse(&headers, body.into(), &Limits::default()).unwrap_err();
    assert!(
        matches!(&error, UploadError::Multipart(error) if error.reason == MultipartReason::TooManyParts(1_000))
    );
    assert!(!error.is_too_large());
    assert!(error.to_string().starts_with("part 1001, byte "), "{error}");
}

#[test]
fn a_bomb_for_an_event_is_refused_by_name() {
    let bomb = vec![b' '; 64 << 20];
    for compressed in [
        compression::compress_gzip(&bomb).unwrap(),
        compression::compress_zstd(&bomb, 1).unwrap(),
        compression::compress_lz4(&bomb).unwrap(),
    ] {
        let built = MultipartBuilder::new().part("event", "event.json", None, compressed).build();
        let error = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "part event.json: it cannot be decompressed: decompresses to more than 8388608 bytes"
        );
    }
}

#[test]
fn a_body_above_the_limit_is_too_large() {
    let limits = Limits { body: 1_000, ..Limits::default() };
    let headers = Headers::new("multipart/form-data; boundary=b0undary", []);
    let error = Upload::parse(&headers, Bytes::from(vec![0; 1_001]), &limits).unwrap_err();
    assert!(error.is_too_large());
    assert_eq!(error.to_string(), "the body has 1001 bytes, more than the 1000 that are allowed");
}

#[test]
fn a_body_of_boundaries_or_of_nothing_is_refused() {
    let headers = Headers::new("multipart/form-data; boundary=b0undary", []);
    let bodies = [
        String::new(),
        "--b0undary".repeat(100_000),
        "--b0undary\r\n".repeat(100_000),
        "\r\n--b0undary-".repeat(100_000),
        format!("--b0undary{}", " ".repeat(1_000_000)),
        format!("--b0undary\r\n{}", "a: b\r\n".repeat(100_000)),
        format!("--b0undary\r\n{}", ":".repeat(10_000)),
        format!("--b0undary\r\nContent-Disposition: {}\r\n\r\n\r\n--b0undary--", ";=\"".repeat(5_000)),
        format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"{}\r\n\r\n--b0undary--",
            "\\".repeat(9_999)
        ),
    ];
    for body in bodies {
        let context: String = body.chars().take(60).collect();
        assert!(feed(&headers, body.into(), &context).is_some(), "{context}: accepted");
    }
}
