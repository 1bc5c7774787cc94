//! Tokens at rest.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use vesta_server::{Scope, TokenError, TokenFile};

const THEN: SystemTime = SystemTime::UNIX_EPOCH;

#[test]
fn only_hashes_are_stored_and_only_the_owner_reads_them() {
    let folder = TempDir::new().unwrap();
    let tokens = TokenFile::new(folder.path());
    let new = tokens.create("ci", Scope::Write, THEN + Duration::from_hours(24)).unwrap();
    assert!(new.secret.starts_with("vst_") && new.secret.len() == 68);
    let path = folder.path().join("tokens.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&new.secret[4..]) && !text.contains(&new.api_key), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let listed = tokens.list().unwrap();
    assert_eq!(listed, [new.token]);
    assert_eq!((listed[0].name.as_str(), listed[0].created.as_str()), ("ci", "1970-01-02T00:00:00Z"));
}

#[test]
fn tokens_are_revoked_by_id() {
    let folder = TempDir::new().unwrap();
    let tokens = TokenFile::new(folder.path());
    assert_eq!(tokens.list().unwrap(), []);
    let kept = tokens.create("a", Scope::Read, THEN).unwrap().token;
    let gone = tokens.create("b", Scope::Admin, THEN).unwrap().token;
    assert_eq!(tokens.revoke(&gone.id).unwrap(), gone);
    assert!(matches!(tokens.revoke(&gone.id), Err(TokenError::NoSuchToken(id)) if id == gone.id));
    assert_eq!(tokens.list().unwrap(), [kept]);
}

#[test]
fn tokens_made_at_the_same_time_are_all_kept() {
    let folder = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| TokenFile::new(folder.path()).create("x", Scope::Read, THEN).unwrap());
        }
    });
    assert_eq!(TokenFile::new(folder.path()).list().unwrap().len(), 8);
}
