//! `vesta token`: who may talk to a server.

use crate::arguments::{DataArgument, TokenArguments, TokenCommand, TokenScope};
use crate::failure::hinted;
use crate::output::{Align, Table, note, print_json, print_lines};
use anyhow::Result;
use serde_json::json;
use std::time::SystemTime;
use vesta_server::{Scope, Token, TokenError, TokenFile};

/// Runs the command.
pub(crate) fn token(arguments: TokenArguments) -> Result<()> {
    match arguments.command {
        TokenCommand::Create { scope, name, json, data } => create(&data, scope, &name, json),
        TokenCommand::List { json, data } => list(&data, json),
        TokenCommand::Revoke { id, data } => revoke(&data, &id),
    }
}

fn create(data: &DataArgument, scope: TokenScope, name: &str, as_json: bool) -> Result<()> {
    let scope = match scope {
        TokenScope::Read => Scope::Read,
        TokenScope::Write => Scope::Write,
        TokenScope::Admin => Scope::Admin,
    };
    let new = TokenFile::new(&data.data).create(name, scope, SystemTime::now())?;
    if as_json {
        return print_json(&json!({
            "id": new.token.id,
            "name": new.token.name,
            "scope": scope.as_str(),
            "token": new.secret,
            "api_key": new.api_key,
        }));
    }
    note(format!(
        "Token {} allows `{scope}` on the server with the data folder {}. It is not shown again.",
        new.token.id,
        data.data.display()
    ));
    if scope != Scope::Read {
        note(format!("Where a library insists on a DD_API_KEY of 32 digits: {}", new.api_key));
    }
    print_lines([new.secret])
}

fn list(data: &DataArgument, as_json: bool) -> Result<()> {
    let tokens = TokenFile::new(&data.data).list()?;
    if as_json {
        let tokens: Vec<_> = tokens
            .iter()
            .map(|token| {
                json!({
                    "id": token.id,
                    "name": token.name,
                    "scope": token.scope.as_str(),
                    "created": token.created,
                })
            })
            .collect();
        return print_json(&tokens);
    }
    if tokens.is_empty() {
        return print_lines([format!("There are no tokens in {}.", data.data.display())]);
    }
    let mut table = Table::new(&[
        ("id", Align::Left),
        ("scope", Align::Left),
        ("created", Align::Left),
        ("name", Align::Left),
    ]);
    tokens.into_iter().for_each(|token| table.row(row(token)));
    print_lines(table.lines())
}

fn row(token: Token) -> Vec<String> {
    vec![token.id, token.scope.to_string(), token.created, token.name]
}

fn revoke(data: &DataArgument, id: &str) -> Result<()> {
    match TokenFile::new(&data.data).revoke(id) {
        Ok(token) => print_lines([format!("revoked token {} ({})", token.id, token.scope)]),
        Err(TokenError::NoSuchToken(id)) => Err(hinted(
            format!("there is no token `{id}` in {}", data.data.display()),
            "`vesta token list` shows the ids; --data names another folder",
        )),
        Err(error) => Err(error.into()),
    }
}
